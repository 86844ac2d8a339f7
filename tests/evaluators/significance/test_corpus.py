from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from sacrebleu.metrics.bleu import BLEU
from sacrebleu.significance import PairedTest

from evaluators import EvaluationError, Example, MacroF1, score_examples
from evaluators.base import is_corpus_metric, is_summed_metric
from evaluators.metrics.jaccard import Jaccard
from evaluators.significance import (
    Totals,
    bootstrap_interval,
    compare_answers,
    corpus_interval,
    corpus_paired_test,
    paired_test,
)
from evaluators.significance.resampling import resampled_sums
from tests.evaluators.significance.corpora import SacreBleu, answers

CLOSE = (answers(0.62, seed=1), answers(0.58, seed=2))
APART = (answers(0.7, seed=1), answers(0.6, seed=2))


Pair = tuple[list[Example], list[Example]]


def sacrebleus_p_value(
    pair: Pair, kind: str, trials: int, monkeypatch: pytest.MonkeyPatch
) -> float:
    monkeypatch.setenv("SACREBLEU_SEED", "12345")
    a, b = ([row.answer for row in system] for system in pair)
    golds = [[row.references[0] for row in pair[0]]]
    test = PairedTest([("b", b), ("a", a)], {"BLEU": BLEU(tokenize="none")}, golds, kind, trials)
    p_value = test()[1]["BLEU"][1].p_value
    assert p_value is not None
    return p_value


@pytest.mark.parametrize("pair", [CLOSE, APART], ids=["close", "apart"])
def test_randomization_agrees_with_sacrebleu(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = sacrebleus_p_value(pair, "ar", 4000, monkeypatch)
    found = corpus_paired_test(SacreBleu(), *pair, resamples=4000).p_value
    # Two independent simulations of one p-value: three standard errors of their difference.
    error = np.sqrt(2 * expected * (1 - expected) / 4000)
    assert found == pytest.approx(expected, abs=3 * error + 1e-3)


@pytest.mark.parametrize("pair", [CLOSE, APART], ids=["close", "apart"])
def test_bootstrap_draws_and_scores_are_sacrebleus(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = sacrebleus_p_value(pair, "bs", 500, monkeypatch)
    metric = SacreBleu()
    one, other = (
        metric.from_sums(resampled_sums(metric.statistics(each), 500, np.random.default_rng(12345)))
        for each in pair
    )
    real = abs(Totals.of_metric(metric, pair[0]).score - Totals.of_metric(metric, pair[1]).score)
    # Its statistic: absolute differences, shifted, and one tail of them, as in Moses's script.
    gaps = np.abs(one - other)
    assert ((gaps - gaps.mean() > real).sum() + 1) / 501 == pytest.approx(expected)


def test_a_clear_difference_has_twice_sacrebleus_one_sided_p_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    one_sided = sacrebleus_p_value(APART, "bs", 4000, monkeypatch)
    found = corpus_paired_test(SacreBleu(), *APART, by="bootstrap", resamples=4000)
    assert found.p_value == pytest.approx(2 * one_sided, abs=0.01)
    assert found.p_value < 0.05
    assert found.low > 0


def test_bootstrap_p_value_is_that_of_the_very_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    a, b = CLOSE
    metric = SacreBleu()
    drawn = np.random.default_rng(0).integers(0, len(a), size=(300, len(a)))
    one, other = metric.statistics(a), metric.statistics(b)
    gaps = np.array(
        [
            metric.from_sums(one[rows].sum(0, keepdims=True))[0]
            - metric.from_sums(other[rows].sum(0, keepdims=True))[0]
            for rows in drawn
        ]
    )
    real = Totals.of_metric(metric, a).score - Totals.of_metric(metric, b).score
    expected = (int((np.abs(gaps - gaps.mean()) >= abs(real)).sum()) + 1) / 301
    found = corpus_paired_test(metric, a, b, by="bootstrap", resamples=300, seed=0)
    assert found.p_value == pytest.approx(expected)
    assert found.difference == pytest.approx(real)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(gaps, (0.025, 0.975))))


def test_few_rows_are_swapped_in_every_way() -> None:
    a, b = answers(0.9, rows=5, seed=1), answers(0.4, rows=5, seed=2)
    metric = SacreBleu()

    def gap(swapped: Sequence[bool]) -> float:
        one = [y if swap else x for x, y, swap in zip(a, b, swapped, strict=True)]
        other = [x if swap else y for x, y, swap in zip(a, b, swapped, strict=True)]
        return Totals.of_metric(metric, one).score - Totals.of_metric(metric, other).score

    gaps = [abs(gap(swapped)) for swapped in itertools.product((False, True), repeat=5)]
    expected = np.mean([each >= abs(gap((False,) * 5)) - 1e-9 for each in gaps])
    assert corpus_paired_test(metric, a, b, resamples=99).p_value == pytest.approx(expected)


def test_a_system_does_not_differ_from_itself() -> None:
    for by in ("randomization", "bootstrap"):
        same = corpus_paired_test(SacreBleu(), CLOSE[0], CLOSE[0], by=by, resamples=199)
        assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)
        assert (same.wins, same.ties, same.losses) == (0, 60, 0)


def test_the_interval_of_a_mean_taken_as_sums_is_that_of_its_rows() -> None:
    rows = np.random.default_rng(0).normal(0.5, 0.1, 300)
    found = corpus_interval(Totals.of_rows(rows), resamples=4000)
    assert found == pytest.approx(bootstrap_interval(rows, resamples=4000), abs=1e-3)


def test_a_summed_metric_is_scored_and_resampled_from_its_statistics() -> None:
    metric = SacreBleu()
    assert is_corpus_metric(metric)
    assert is_summed_metric(metric)
    found = score_examples(metric, APART[0], resamples=500)
    expected = BLEU(tokenize="none").corpus_score(
        [row.answer for row in APART[0]], [[row.references[0] for row in APART[0]]]
    )
    assert found.value == pytest.approx(expected.score)
    assert found.low < found.value < found.high
    with pytest.raises(EvaluationError, match="cannot be computed from 2 row scores"):
        metric.aggregate(np.zeros(2))
    with pytest.raises(EvaluationError, match="no rows"):
        metric.resample([], resamples=9, seed=0)


def test_one_call_chooses_the_test_that_suits_the_metric() -> None:
    a, b = APART
    assert compare_answers(SacreBleu(), a, b, resamples=99) == corpus_paired_test(
        SacreBleu(), a, b, resamples=99
    )
    jaccard = Jaccard()
    assert compare_answers(jaccard, a, b) == paired_test(jaccard.rows(a), jaccard.rows(b))


def test_a_corpus_metric_without_statistics_or_counts_cannot_be_tested() -> None:
    class Opaque(MacroF1):
        of_counts = None  # type: ignore[assignment]

    with pytest.raises(EvaluationError, match="offers neither statistics nor counts"):
        compare_answers(Opaque(), *APART)


def test_rows_that_do_not_pair_are_refused() -> None:
    with pytest.raises(EvaluationError, match="60 rows cannot be paired with 59"):
        corpus_paired_test(SacreBleu(), APART[0], APART[1][:59])
    with pytest.raises(EvaluationError, match="no rows"):
        corpus_paired_test(SacreBleu(), [], [])


def test_statistics_that_are_not_finite_are_refused() -> None:
    class Broken(SacreBleu):
        def statistics(self, examples: Sequence[Example]) -> np.ndarray:
            return np.full((len(examples), 2), np.nan)

    with pytest.raises(EvaluationError, match="without finite statistics"):
        Totals.of_metric(Broken(), [Example("1", "가", ("가",))])
