from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
from rich.console import Console

from evaluators import EvaluationError, Example, build_metric
from evaluators.base import Signature
from evaluators.ranking import sensitivity
from evaluators.ranking.sensitivity import Sensitivity, render, to_frame, tokenizer_sensitivity
from evaluators.scoring import score_examples, value_of

GOLDS = ("벽지가 들뜬 곳에는 풀을 다시 바릅니다", "곰팡이는 환기로 막을 수 있습니다")
# Particles left out: no word is the reference's own, most morphemes and characters are.
BARE = ("벽지 들뜬 곳 풀 다시 바르다", "곰팡이 환기 막을 수 있다")
# Whole words of the reference, few of them.
WORDS = ("벽지가 곳에는 풀을 다시", "곰팡이는 환기로 수")


def rows(answers: Sequence[str]) -> list[Example]:
    pairs = zip(answers, GOLDS, strict=True)
    return [Example(str(n), answer, (gold,)) for n, (answer, gold) in enumerate(pairs)]


SYSTEMS = {"words": rows(WORDS), "bare": rows(BARE)}


def shown(found: Sensitivity) -> str:
    out = io.StringIO()
    Console(file=out, width=200, color_system=None).print(render(found))
    return out.getvalue()


@pytest.mark.parametrize("metric", ["rouge1", "rougeL", "bleu"])
def test_scores_are_the_metrics_own_under_each_tokenizer(metric: str) -> None:
    found = tokenizer_sensitivity(SYSTEMS, metric)
    assert len(found.tokenizers) >= 4
    assert found.unavailable == ()
    assert found.n == 2
    for row, system in enumerate(found.systems):
        for column, name in enumerate(found.tokenizers):
            built = build_metric(f"{metric}:tokenizer={name}")
            assert found.scores[row, column] == value_of(built, SYSTEMS[system])
            assert found.signatures[column] == str(built.signature)


def test_two_systems_change_places_between_words_and_morphemes() -> None:
    found = tokenizer_sensitivity(SYSTEMS, "rouge1", tokenizers=("whitespace", "char", "mecab"))
    (flip,) = found.flips
    leads = {flip.one: flip.one_leads, flip.other: flip.other_leads}
    assert "whitespace" in leads["words"]
    assert leads["bare"]
    text = shown(found)
    assert str(flip) in text
    assert "rouge1 by tokenizer, n = 2" in text
    assert "#1" in text
    assert "#2" in text


def test_an_order_that_holds_is_said_to_hold() -> None:
    better = {"gold": rows(GOLDS), "none": rows(("없음", "모름"))}
    found = tokenizer_sensitivity(better, "rouge1")
    assert found.systems == ("gold", "none")
    assert found.ranks.tolist() == [[1] * len(found.tokenizers), [2] * len(found.tokenizers)]
    assert found.flips == ()
    assert "no two systems change order" in shown(found)


def test_equal_systems_share_a_rank_and_do_not_flip() -> None:
    found = tokenizer_sensitivity({"a": rows(WORDS), "b": rows(WORDS)}, "rouge1")
    assert np.all(found.ranks == 1)
    assert found.flips == ()


def test_other_options_are_passed_on() -> None:
    found = tokenizer_sensitivity(
        SYSTEMS, "rouge1", tokenizers=("char",), options="references=first"
    )
    assert found.metric == "rouge1:references=first"
    assert "refs:first" in found.signatures[0]


def test_the_frame_has_a_line_per_system_and_tokenizer() -> None:
    named = {"=cmd()": rows(WORDS), "bare": rows(BARE)}
    frame = to_frame(tokenizer_sensitivity(named, "rouge1", tokenizers=("char", "whitespace")))
    assert list(frame.columns) == ["system", "tokenizer", "score", "rank", "signature"]
    assert len(frame) == 4
    assert set(frame["system"]) == {"'=cmd()", "bare"}
    assert str(frame["rank"].dtype) == "int64"


def test_a_tokenizer_that_is_not_installed_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Absent:
        direction = "higher"

        @property
        def signature(self) -> Signature:
            raise EvaluationError("kiwi is not installed: pip install kiwipiepy")

    def build(spec: str) -> object:
        return Absent() if "kiwi" in spec else build_metric(spec)

    monkeypatch.setattr(sensitivity, "build_metric", build)
    found = tokenizer_sensitivity(SYSTEMS, "rouge1", tokenizers=("char", "kiwi"))
    assert found.tokenizers == ("char",)
    assert "kiwi left out: kiwi is not installed" in shown(found)
    with pytest.raises(EvaluationError, match="none of the tokenizers: kiwi is not"):
        tokenizer_sensitivity(SYSTEMS, "rouge1", tokenizers=("kiwi",))


@pytest.mark.parametrize(
    ("systems", "metric", "message"),
    [
        ({}, "rouge1", "no system"),
        ({"a": []}, "rouge1", "nothing to score"),
        ({"a": rows(WORDS), "b": rows(WORDS)[:1]}, "rouge1", "'b' and 'a' do not answer"),
        (SYSTEMS, "chrf", "takes no tokenizer"),
        (SYSTEMS, "rouge-one", "no metric 'rouge-one'"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    systems: dict[str, list[Example]], metric: str, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        tokenizer_sensitivity(systems, metric)


@pytest.mark.parametrize("spec", ["rouge1", "bleu", "macro-f1"])
def test_a_value_alone_is_the_scores_value(spec: str) -> None:
    metric = build_metric(spec)
    assert (
        value_of(metric, SYSTEMS["bare"])
        == score_examples(metric, SYSTEMS["bare"], resamples=9).value
    )
    with pytest.raises(EvaluationError, match="nothing to score"):
        value_of(metric, [])
