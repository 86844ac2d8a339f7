from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nltk.translate.bleu_score import sentence_bleu
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.metrics.chrf import CHRF

from evaluators import Bleu, Bleu1, Chrf, EvaluationError, Example, build_metric, score_examples
from evaluators.base import is_summed_metric
from evaluators.metrics.bleu import BleuTokenizer, _sacre_bleu

TEXTS = st.lists(st.sampled_from(["벽지", "도배", "곰팡이", "A4", "물", "."]), max_size=12).map(
    " ".join
)
ROWS = st.lists(st.tuples(TEXTS, TEXTS, TEXTS), min_size=1, max_size=5)


def examples(rows: Sequence[tuple[str, ...]]) -> list[Example]:
    return [Example(str(n), row[0], row[1:]) for n, row in enumerate(rows)]


def streams(rows: Sequence[tuple[str, ...]]) -> tuple[list[str], list[list[str]]]:
    answers, *references = (list(column) for column in zip(*rows, strict=True))
    return answers, references


@settings(deadline=None)
@given(ROWS, st.sampled_from(["ko-mecab", "13a", "char"]))
def test_bleu_is_sacrebleu(rows: Sequence[tuple[str, ...]], tokenizer: BleuTokenizer) -> None:
    value, _ = Bleu(tokenizer).resample(examples(rows), resamples=1, seed=0)
    assert value == pytest.approx(BLEU(tokenize=tokenizer).corpus_score(*streams(rows)).score / 100)
    alone = BLEU(tokenize=tokenizer, effective_order=True)
    expected = [alone.sentence_score(row[0], row[1:]).score / 100 for row in rows]
    assert Bleu(tokenizer).rows(examples(rows)).tolist() == pytest.approx(expected)


@settings(deadline=None)
@given(ROWS, st.sampled_from([0, 2]))
def test_chrf_is_sacrebleu(rows: Sequence[tuple[str, ...]], order: int) -> None:
    oracle = CHRF(word_order=order)
    value, _ = Chrf(order).resample(examples(rows), resamples=1, seed=0)
    assert value == pytest.approx(oracle.corpus_score(*streams(rows)).score / 100)
    expected = [oracle.sentence_score(row[0], row[1:]).score / 100 for row in rows]
    assert Chrf(order).rows(examples(rows)).tolist() == pytest.approx(expected)


@pytest.mark.filterwarnings("ignore:(?s).*The hypothesis contains 0 counts")
@settings(deadline=None)
@given(TEXTS, TEXTS)
def test_bleu1_is_nltk(answer: str, reference: str) -> None:
    expected = sentence_bleu([reference.split()], answer.split(), weights=(1, 0, 0, 0))
    (value,) = Bleu1("legacy").rows(examples([(answer, reference)]))
    assert value == pytest.approx(float(expected), abs=1e-12)


@pytest.mark.parametrize("metric", [Bleu("char"), Chrf()])
def test_a_resample_is_the_score_of_its_rows(metric: Bleu | Chrf) -> None:
    rows = examples(
        [("벽지가 젖었다", "벽지가 마른다"), ("물이 샌다", "물이 고인다"), ("타일", "")]
    )
    assert is_summed_metric(metric)
    table = metric.statistics(rows)
    drawn = [0, 0, 2]
    (value,) = metric.from_sums(table[drawn].sum(axis=0, keepdims=True))
    assert value == metric.resample([rows[n] for n in drawn], resamples=1, seed=0)[0]


@pytest.mark.parametrize("spec", ["bleu:tokenizer=char", "chrf"])
def test_the_interval_is_that_of_resampling_rows(spec: str) -> None:
    random = np.random.default_rng(1)
    words = ["벽지가", "물이", "타일이", "샌다", "젖었다", "깨졌다"]
    rows = [tuple(" ".join(random.choice(words, 4)) for _ in range(2)) for _ in range(60)]
    metric = build_metric(spec)
    assert isinstance(metric, Bleu | Chrf)
    result = score_examples(metric, examples(rows), resamples=500)
    plain = []
    for _ in range(200):
        chosen = [rows[n] for n in random.integers(0, 60, 60)]
        plain.append(metric.resample(examples(chosen), resamples=1, seed=0)[0])
    np.testing.assert_allclose(
        (result.low, result.high), np.quantile(plain, (0.025, 0.975)), atol=0.05
    )
    assert result.low < result.value < result.high


@pytest.mark.parametrize("metric", [Bleu(), Chrf(), Bleu1()])
def test_identity_is_one(metric: Bleu | Chrf | Bleu1) -> None:
    text = "벽지에 곰팡이가 생겨서 도배를 다시 했습니다"
    assert metric.rows(examples([(text, text)])).tolist() == pytest.approx([1.0])


def test_the_order_of_rows_does_not_change_a_corpus_score() -> None:
    rows = [("물이 샌다", "물이 고인다"), ("벽지가 젖었다", "벽지가 젖는다"), ("", "타일")]
    for metric in (Bleu(), Chrf()):
        one, _ = metric.resample(examples(rows), resamples=1, seed=0)
        two, _ = metric.resample(examples(rows[::-1]), resamples=1, seed=0)
        assert one == two


def test_references_count_together_or_only_the_first() -> None:
    row = examples([("물이 샌다", "타일이 깨졌다", "물이 샌다")])
    assert Bleu("char").rows(row).tolist() == pytest.approx([1.0])
    assert Bleu("char", references="first").rows(row)[0] < 0.5
    assert Chrf(references="first").rows(row)[0] < 0.5


def test_signatures_take_over_sacrebleus() -> None:
    bleu = str(build_metric("bleu:tokenizer=13a,lowercase=1").signature)
    assert "|refs:all|case:lc|eff:no|tok:13a|smooth:exp|sacrebleu:2." in bleu
    assert "tok:ko-mecab-0.996/ko-0.9.2-KO-dic-1.0.0|" in str(Bleu().signature)
    assert "|case:mixed|eff:yes|nc:6|nw:2|space:no|sacrebleu:2." in str(Chrf(2).signature)
    nikl = dict(Bleu1().signature.options)
    assert nikl["tok"].startswith("konlpy-mecab-0.996")
    assert nikl["refs"] == "mean"
    assert dict(Bleu1("legacy").signature.options)["refs"] == "first"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("bleu:tokenizer=ja-mecab", "use one of ko-mecab, 13a"),
        ("bleu:references=mean", "use one of all, first"),
        ("bleu1:rule=squad", "use one of nikl, legacy"),
        ("chrf:word_order=3", "use one of 0, 1, 2"),
    ],
)
def test_bad_specs(spec: str, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        build_metric(spec)


def test_row_scores_do_not_make_a_corpus_score() -> None:
    for metric in (Bleu("char"), Chrf()):
        with pytest.raises(EvaluationError, match="cannot be computed from 2 row scores"):
            metric.aggregate(np.zeros(2))


def test_a_missing_tokenizer_library_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    import sacrebleu.tokenizers.tokenizer_ko_mecab as home

    _sacre_bleu.cache_clear()
    monkeypatch.setattr(home, "MeCab", None)
    with pytest.raises(EvaluationError, match=r"pip install 'sacrebleu\[ko\]'"):
        Bleu().rows(examples([("가", "가")]))


def test_sentences_are_scored_without_warnings(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Bleu("13a").rows(examples([("가 .", "가 .")] * 3))
    assert not caplog.records


@pytest.mark.parametrize("metric", [Bleu("13a"), Bleu("char"), Chrf(), Chrf(word_order=2)])
@given(text=st.text("가나다 ab.", min_size=1, max_size=40).filter(str.strip))
def test_no_score_is_above_one(metric: Bleu | Chrf, text: str) -> None:
    same = [Example("1", text, (text,))] * 3
    assert metric.rows(same).max() <= 1
    assert metric.resample(same, resamples=1, seed=0)[0] <= 1


def test_statistics_of_no_rows_are_no_rows() -> None:
    assert len(Chrf().statistics([])) == 0
