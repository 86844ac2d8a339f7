"""The metrics of labels against scikit-learn."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from sklearn import metrics

from evaluators import (
    BalancedAccuracy,
    EvaluationError,
    Example,
    MacroF1,
    Mcc,
    MicroF1,
    WeightedF1,
    build_metric,
    classification_report,
    score_examples,
)
from evaluators.metrics.labels import LabelMetric, count_classes

METRICS = (MacroF1, MicroF1, WeightedF1, BalancedAccuracy, Mcc)
LABELS = st.lists(
    st.tuples(st.sampled_from("가나다라"), st.sampled_from("가나다라마")), min_size=1, max_size=30
)


def expected(kind: type[LabelMetric], gold: ArrayLike, predicted: ArrayLike) -> float:
    if kind is Mcc:
        return float(metrics.matthews_corrcoef(gold, predicted))
    if kind is BalancedAccuracy:
        return float(metrics.balanced_accuracy_score(gold, predicted))
    average = {MacroF1: "macro", MicroF1: "micro", WeightedF1: "weighted"}[kind]
    return float(metrics.f1_score(gold, predicted, average=average, zero_division=0))


def pairs(gold: Sequence[str], predicted: Sequence[str]) -> list[Example]:
    return [Example(str(n), p, (g,)) for n, (g, p) in enumerate(zip(gold, predicted, strict=True))]


@given(st.sampled_from(METRICS), LABELS)
def test_values_agree_with_scikit_learn(
    kind: type[LabelMetric], labels: list[tuple[str, str]]
) -> None:
    gold, predicted = zip(*labels, strict=True)
    value, _ = kind().resample(pairs(gold, predicted), resamples=1, seed=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert value == pytest.approx(expected(kind, gold, predicted), abs=1e-12)


@pytest.mark.parametrize("kind", METRICS)
def test_each_resample_is_the_value_of_its_rows(kind: type[LabelMetric]) -> None:
    truth, guess = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    counts = np.array([[3, 1, 2, 1], [5, 0, 0, 0], [1, 2, 0, 4]])
    values = kind().from_counts(count_classes(counts, truth, guess, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for row, value in zip(counts, values, strict=True):
            gold, predicted = np.repeat(truth, row), np.repeat(guess, row)
            assert value == pytest.approx(expected(kind, gold, predicted))


@given(st.sampled_from(METRICS), LABELS)
def test_the_order_of_rows_does_not_matter(
    kind: type[LabelMetric], labels: list[tuple[str, str]]
) -> None:
    gold, predicted = zip(*labels, strict=True)
    one, _ = kind().resample(pairs(gold, predicted), resamples=1, seed=0)
    two, _ = kind().resample(pairs(gold[::-1], predicted[::-1]), resamples=1, seed=0)
    assert one == pytest.approx(two)


@pytest.mark.parametrize("kind", METRICS)
def test_all_right_is_one_and_the_interval_holds_the_value(kind: type[LabelMetric]) -> None:
    gold = ["가", "나", "다"] * 20
    assert score_examples(kind(), pairs(gold, gold), resamples=200).value == 1.0
    predicted = ["가", "나", "가"] * 20
    result = score_examples(kind(), pairs(gold, predicted), resamples=500)
    assert result.low <= result.value <= result.high
    assert str(kind().signature).startswith(f"{kind.name}|refs:first|")


@pytest.mark.parametrize("kind", METRICS)
def test_what_cannot_be_counted_is_refused(kind: type[LabelMetric]) -> None:
    with pytest.raises(EvaluationError, match="no rows to count"):
        kind().resample([], resamples=1, seed=0)
    with pytest.raises(EvaluationError, match=f"{kind.name} cannot be computed from 1 row"):
        kind().aggregate(np.ones(1))
    assert isinstance(build_metric(kind.name), kind)


def test_the_report_has_the_same_numbers() -> None:
    gold, predicted = list("가가나나다라"), list("가나나마가라")
    report = classification_report(gold, predicted)
    numbers: dict[type[LabelMetric], float] = {
        MacroF1: report.macro_f1,
        MicroF1: report.micro_f1,
        WeightedF1: report.weighted_f1,
        BalancedAccuracy: report.balanced_accuracy,
        Mcc: report.mcc,
    }
    for kind, number in numbers.items():
        value, _ = kind().resample(pairs(gold, predicted), resamples=1, seed=0)
        assert value == pytest.approx(number)


def test_free_text_as_labels_is_warned_of_once_and_soon_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    rows = [Example(str(n), f"답 {n}", (f"정답 {n}",)) for n in range(5_000)]
    with caplog.at_level(logging.WARNING):
        found = score_examples(MacroF1(), rows)
    (warning,) = caplog.messages
    assert "10000 different labels: free-text answers are scored as classes" in warning
    assert "its interval is of 1677 samples" in warning
    assert found.value == found.low == found.high == 0


def test_few_labels_are_not_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    score_examples(MacroF1(), [Example("1", "가", ("나",)), Example("2", "나", ("나",))])
    assert not caplog.messages
