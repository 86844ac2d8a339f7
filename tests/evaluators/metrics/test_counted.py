"""Corpus metrics of counts of rows: AUC, kappa, correlations, and labels."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

from evaluators import (
    EvaluationError,
    Example,
    build_metric,
    compare_answers,
    detectable_by,
    score_examples,
)
from evaluators.base import is_counted_metric
from evaluators.metrics.registry import direction_of

Expected = Callable[[np.ndarray, np.ndarray], float]


def numbers(gold: Sequence[float], answers: Sequence[float]) -> list[Example]:
    pairs = enumerate(zip(gold, answers, strict=True))
    return [Example(str(n), repr(a), (repr(g),)) for n, (g, a) in pairs]


def kappa(weights: str | None) -> Expected:
    def value(gold: np.ndarray, answers: np.ndarray) -> float:
        return metrics.cohen_kappa_score(gold, answers, weights=weights, labels=[0, 1, 2, 3])

    return value


REFERENCES: dict[str, Expected] = {
    "pearson": lambda gold, answers: stats.pearsonr(gold, answers).statistic,
    "spearman": lambda gold, answers: stats.spearmanr(gold, answers).statistic,
    "kappa": kappa(None),
    "kappa:weights=linear": kappa("linear"),
    "kappa:weights=quadratic": kappa("quadratic"),
    "auc:positive=1": lambda gold, answers: metrics.roc_auc_score(gold == 1, answers),
    "macro-f1": lambda gold, answers: metrics.f1_score(
        gold, answers, average="macro", zero_division=0
    ),
}
GRADES = st.integers(0, 3)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(REFERENCES)), st.data())
def test_a_sample_has_the_value_of_its_rows(spec: str, data: st.DataObject) -> None:
    """Counts of rows are worth what the rows are, each as often as it counts."""
    n = data.draw(st.integers(2, 8))
    lists = st.lists(GRADES, min_size=n, max_size=n)
    gold, answers, counts = (np.array(data.draw(lists)) for _ in range(3))
    if spec.startswith("auc"):
        gold = gold % 2
    repeated = np.repeat(gold, counts), np.repeat(answers, counts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            wanted = REFERENCES[spec](*repeated)
        except ValueError:
            wanted = np.nan
    metric = build_metric(spec)
    assert is_counted_metric(metric)
    if spec.startswith("auc") and len(set(gold.tolist())) < 2:
        return
    rows = numbers(gold.tolist(), answers.tolist())
    value = metric.of_counts(rows)(counts[np.newaxis].astype(float))[0]
    if not np.isnan(wanted):
        assert value == pytest.approx(wanted, abs=1e-9)
    elif counts.sum() and not spec.startswith("auc"):
        assert value == 0


@pytest.mark.parametrize("spec", [spec for spec in REFERENCES if spec != "macro-f1"])
def test_row_scores_average_to_the_value_and_the_interval_holds_it(spec: str) -> None:
    random = np.random.default_rng(5)
    gold = random.integers(0, 2 if "auc" in spec else 4, 200)
    answers = np.clip(gold + random.integers(-1, 2, 200), 0, 3)
    score = score_examples(
        build_metric(spec), numbers(gold.tolist(), answers.tolist()), resamples=500
    )
    assert score.value == pytest.approx(REFERENCES[spec](gold, answers))
    assert score.rows.mean() == pytest.approx(score.value)
    assert score.low < score.value < score.high


@pytest.mark.parametrize("spec", [*REFERENCES, "rmse", "mae"])
def test_two_systems_are_tested_by_swapping_answers(spec: str) -> None:
    """A few rows that differ are swapped in every way: compare with doing so one by one."""
    random = np.random.default_rng(2)
    gold = random.integers(0, 2 if "auc" in spec else 4, 40)
    one, other = gold.copy(), gold.copy()
    one[:2] = (one[:2] + 1) % 4
    other[2:9] = (other[2:9] + 2) % 4
    a, b = (numbers(gold.tolist(), each.tolist()) for each in (one, other))
    metric = build_metric(spec)

    def value(rows: list[Example]) -> float:
        return score_examples(metric, rows, resamples=1).value

    found = compare_answers(metric, a, b, resamples=500)
    assert found.difference == pytest.approx(value(a) - value(b))
    assert found.low <= found.difference <= found.high
    swaps = []
    for pattern in range(2**9):
        kept = [bool(pattern >> place & 1) for place in range(9)]
        mine = [x if keep else y for x, y, keep in zip(a, b, kept, strict=False)] + a[9:]
        theirs = [y if keep else x for x, y, keep in zip(a, b, kept, strict=False)] + b[9:]
        swaps.append(abs(value(mine) - value(theirs)))
    wanted = np.mean(np.array(swaps) >= abs(found.difference) - 1e-9)
    assert found.p_value == pytest.approx(wanted)
    assert compare_answers(metric, a, a, resamples=50).p_value == 1
    detectable = detectable_by(metric, a, b)
    assert detectable is not None
    assert detectable.difference > 0
    assert detectable_by(metric, a, a) is None


def test_a_clear_difference_of_many_rows_is_found() -> None:
    random = np.random.default_rng(3)
    gold = random.integers(0, 2, 300)
    good = gold + random.normal(0, 0.5, 300)
    poor = random.normal(0, 0.5, 300)
    a, b = (numbers(gold.tolist(), each.tolist()) for each in (good, poor))
    assert compare_answers(build_metric("auc"), a, b, resamples=999).p_value < 0.01


def test_auc_of_several_classes_is_resampled_without_absent_classes() -> None:
    labels = list("aaabbbc")
    answers = [json.dumps({"a": 0.2 + n / 10, "b": 0.1, "c": 0.7 - n / 10}) for n in range(7)]
    rows = [Example(str(n), answers[n], (labels[n],)) for n in range(7)]
    score = score_examples(build_metric("auc"), rows, resamples=300)
    assert 0 <= score.low <= score.value <= score.high <= 1
    assert score.rows.mean() == pytest.approx(score.value)


@pytest.mark.parametrize(
    ("spec", "answers", "golds", "parts"),
    [
        (
            "mae",
            ["1", "셋", ""],
            ["1", "2", "3"],
            ["'셋' of row 'r1'", "1 more", "mae:unreadable="],
        ),
        ("rmse", ["1"], ["하나"], ["reference '하나' of row 'r0' is not a number"]),
        ("pearson", ["nan"], ["1"], ["'nan' of row 'r0' is not a number"]),
        ("kappa:weights=linear", ["좋음"], ["1"], ["'좋음' of row 'r0' is not a number"]),
        ("auc", ["긍정", "0.3"], ["1", "0"], ["'긍정' of row 'r0'", "auc:unreadable=even"]),
        ("auc", ["0.5", "0.3"], ["1", "1"], ["needs rows of two classes", "'1'"]),
        ("auc", ["0.5", "0.3"], ["긍정", "부정"], ["2 other labels", "positive=LABEL"]),
        ("auc", ["0.5", '{"1": 1}'], ["1", "0"], ["row 'r0' is one number", "one form"]),
        ("logloss", ['{"a": 1}'], ["b"], ["no answer gives a number for 'b'", "row 'r0'"]),
        ("logloss", ["1.5"], ["1"], ["row 'r0'", "from 0 to 1"]),
        ("logloss", ['{"a": 0}'], ["a"], ["row 'r0'", "only zeros"]),
        ("logloss:unreadable=even", ["모름"], ["a"], ["'모름' of row 'r0'"]),
        ("map", ["C A B"], ["C"], ["'C A B' of row 'r0' is not a JSON array", "unreadable=empty"]),
    ],
)
def test_what_cannot_be_read_is_an_error_that_names_the_row(
    spec: str, answers: list[str], golds: list[str], parts: list[str]
) -> None:
    rows = [
        Example(f"r{n}", answer, (gold,))
        for n, (answer, gold) in enumerate(zip(answers, golds, strict=True))
    ]
    with pytest.raises(EvaluationError) as caught:
        score_examples(build_metric(spec), rows, resamples=9)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_what_stands_for_an_unreadable_answer_is_told(caplog: pytest.LogCaptureFixture) -> None:
    rows = [Example("a", "셋", ("3",)), Example("b", "2", ("2",))]
    assert build_metric("mae:unreadable=0").rows(rows).tolist() == [3.0, 0.0]
    assert "1 answers are not a number and count as 0; the first is '셋' of row 'a'" in caplog.text


@pytest.mark.parametrize("spec", ["map:k=0", "mae:unreadable=x", "kappa:unreadable=3"])
def test_options_without_sense_are_refused(spec: str) -> None:
    with pytest.raises(EvaluationError):
        build_metric(spec)


def test_errors_are_better_when_lower() -> None:
    for spec in ("mae", "rmse", "logloss", "rmse:unreadable=3"):
        assert build_metric(spec).direction == direction_of(spec) == "lower"
