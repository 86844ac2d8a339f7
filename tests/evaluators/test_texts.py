"""Metrics as functions of lists of texts."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sacrebleu
from rouge_score.rouge_scorer import RougeScorer

import evaluators
from evaluators import (
    EvaluationError,
    Jaccard,
    OfflineEncoder,
    accuracy,
    bertscore,
    bleu,
    chrf,
    cosine,
    exact_match,
    f1,
    rouge,
    score,
    tokenizer,
)
from evaluators.texts import to_examples

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ["벽지를 물로 닦아 냅니다.", "곰팡이는 환기를 하면 줄어듭니다."]
GOLDS = ["벽지는 물로 닦으면 안 됩니다.", "환기를 자주 하면 곰팡이가 줄어듭니다."]


class Mecab:
    def tokenize(self, text: str) -> list[str]:
        return tokenizer("mecab")(text)


def test_rouge_is_rouge_scores_with_the_same_tokens() -> None:
    scorer = RougeScorer(["rougeL"], tokenizer=Mecab())
    expected = [
        scorer.score(gold, answer)["rougeL"].fmeasure
        for gold, answer in zip(GOLDS, ANSWERS, strict=True)
    ]

    found = rouge(ANSWERS, GOLDS)

    np.testing.assert_allclose(found.rows, expected, atol=1e-12)
    assert "tok:mecab" in found.signature


def test_bleu_and_chrf_are_sacrebleus() -> None:
    bleu_of, chrf_of = sacrebleu.BLEU(tokenize="ko-mecab"), sacrebleu.CHRF()

    assert bleu(ANSWERS, GOLDS).value == pytest.approx(
        bleu_of.corpus_score(ANSWERS, [GOLDS]).score / 100, abs=1e-12
    )
    assert chrf(ANSWERS, GOLDS).value == pytest.approx(
        chrf_of.corpus_score(ANSWERS, [GOLDS]).score / 100, abs=1e-12
    )


def test_a_row_may_have_several_references() -> None:
    several = [["하나", "둘"], ["셋"]]

    assert exact_match(["둘", "넷"], several).rows.tolist() == [1, 0]
    assert score(["둘", "셋"], several, "jaccard:references=mean").rows.tolist() == [0.5, 1]
    assert score(["둘", "셋"], several, Jaccard("first")).rows.tolist() == [0, 1]


def test_options_reach_the_metric() -> None:
    assert "|stat:r|refs:first|tok:whitespace" in (
        rouge(ANSWERS, GOLDS, tokenizer="whitespace", stat="r", combine="first").signature
    )
    assert "rule:korquad1" in f1(ANSWERS, GOLDS, rule="korquad1").signature
    assert accuracy(["정답은 2번"], ["2"], extract="choice").value == 1
    with pytest.raises(EvaluationError, match="rule"):
        f1(ANSWERS, GOLDS, rule="no such rule")


def test_what_embeds_takes_its_encoder_or_model() -> None:
    assert cosine(GOLDS, GOLDS, encoder=OfflineEncoder()).value == pytest.approx(1)
    model = str(ROOT / "data_sample" / "embedded")
    assert bertscore(GOLDS, GOLDS, model=model).value == pytest.approx(1, abs=1e-5)
    with pytest.raises(EvaluationError, match="encoder"):
        score(ANSWERS, GOLDS, "cosine")


def test_sources_stand_where_metrics_look_for_them() -> None:
    assert to_examples(["가"], ["나"], ["source"])[0].meta == {"source": "source"}


@pytest.mark.parametrize(
    ("answers", "references", "sources", "message"),
    [
        (["가"], ["가", "나"], None, "1 answers, 2 references"),
        (["가"], ["가"], [], "0 sources"),
        ("가", ["가"], None, "answers must be a list"),
        (["가"], "가", None, "references must be a list"),
        ([], [], None, "nothing to score"),
    ],
)
def test_columns_that_do_not_belong_together_are_refused(
    answers: list[str] | str, references: list[str] | str, sources: list[Any] | None, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        score(answers, references, "jaccard", sources=sources)


def test_every_exported_name_is_there() -> None:
    assert all(hasattr(evaluators, name) for name in dir(evaluators))


@pytest.mark.parametrize("number", [0, 1])
def test_the_documented_examples_print_what_they_say(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "library.md").read_text("utf-8")
    code = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[number]
    printed = re.findall(r"```text\n(.*?)```", page, re.DOTALL)[number]

    exec(compile(code, "library.md", "exec"), {})  # noqa: S102 -- our own page

    assert capsys.readouterr().out == printed
