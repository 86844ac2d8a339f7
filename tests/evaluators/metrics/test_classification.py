from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from evaluators import (
    Accuracy,
    EvaluationError,
    Example,
    MacroF1,
    classification_report,
    score_examples,
)
from evaluators.metrics.labels import count_classes

GOLD = ["마감재", "마감재", "시공", "시공", "기타", "인테리어"]
PREDICTED = ["마감재", "시공", "시공", "시공", "마감재", "인테리어"]


def pairs(gold: Iterable[str] = GOLD, predicted: Iterable[str] = PREDICTED) -> list[Example]:
    return [Example(str(n), p, (g,)) for n, (g, p) in enumerate(zip(gold, predicted, strict=True))]


def test_report_worked_by_hand() -> None:
    # 마감재: P 1/2, R 1/2; 시공: P 2/3, R 1, F 0.8; 기타: 0; 인테리어: 1.
    report = classification_report(GOLD, PREDICTED, ["마감재", "시공", "기타", "인테리어"])
    assert report.n == 6
    assert report.accuracy == pytest.approx(4 / 6)
    assert report.macro_f1 == pytest.approx((0.5 + 0.8 + 0 + 1) / 4)
    assert report.micro_f1 == pytest.approx(4 / 6)
    assert report.weighted_f1 == pytest.approx((2 * 0.5 + 2 * 0.8 + 0 + 1) / 6)
    assert [c.support for c in report.classes] == [2, 2, 1, 1]
    assert report.classes[1].precision == pytest.approx(2 / 3)
    assert report.confusion == ((1, 1, 0, 0), (0, 2, 0, 0), (1, 0, 0, 0), (0, 0, 0, 1))


def test_report_is_ready_for_json() -> None:
    report = json.loads(json.dumps(classification_report(GOLD, PREDICTED).to_dict()))
    assert report["labels"] == sorted(set(GOLD))
    assert report["classes"][0]["label"] == "기타"


@pytest.mark.parametrize(
    ("gold", "predicted", "labels", "message"),
    [
        ([], [], None, "no labels"),
        (["a"], ["a", "b"], None, "1 gold labels"),
        (["a"], ["a"], ["a", "a"], "twice"),
        (["a"], ["a"], ["b"], "none of the given labels"),
    ],
)
def test_report_refuses_what_cannot_be_compared(
    gold: list[str], predicted: list[str], labels: list[str] | None, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        classification_report(gold, predicted, labels)


def test_accuracy_compares_strings_without_outer_whitespace() -> None:
    metric = Accuracy()
    assert metric.rows(pairs(["3", "3", "나"], [" 3\n", "3.", "나"])).tolist() == [1, 0, 1]
    assert metric.rows([Example("1", "b", ("a", "b"))]).tolist() == [1]


LABELS = st.lists(
    st.tuples(st.sampled_from("가나다라"), st.sampled_from("가나다라마")), min_size=1, max_size=30
)


@given(LABELS)
def test_macro_f1_agrees_with_scikit_learn(labels: list[tuple[str, str]]) -> None:
    gold, predicted = zip(*labels, strict=True)
    value, _ = MacroF1().resample(pairs(gold, predicted), resamples=1, seed=0)
    expected = metrics.f1_score(gold, predicted, average="macro", zero_division=0)
    assert value == pytest.approx(expected)


def test_each_resample_is_the_macro_f1_of_its_rows() -> None:
    truth, guess = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    counts = np.array([[3, 1, 2, 1], [5, 0, 0, 0], [0, 2, 0, 4]])
    for row, value in zip(
        counts, MacroF1().from_counts(count_classes(counts, truth, guess, 3)), strict=True
    ):
        expected = metrics.f1_score(
            np.repeat(truth, row), np.repeat(guess, row), average="macro", zero_division=0
        )
        assert value == pytest.approx(expected)


def test_macro_f1_interval_is_that_of_resampling_rows() -> None:
    random = np.random.default_rng(3)
    gold = random.choice(list("가나다"), 200, p=[0.7, 0.2, 0.1])
    predicted = np.where(random.random(200) < 0.7, gold, random.choice(list("가나다"), 200))
    result = score_examples(MacroF1(), pairs(gold, predicted), resamples=4000)
    draws = random.integers(0, 200, (600, 200))
    plain = [metrics.f1_score(gold[d], predicted[d], average="macro") for d in draws]
    np.testing.assert_allclose(
        (result.low, result.high), np.quantile(plain, (0.025, 0.975)), atol=0.03
    )
    assert result.low < result.value < result.high
    assert result.rows.sum() == (gold == predicted).sum()


def test_macro_f1_batches_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    _, whole = MacroF1().resample(pairs(), resamples=50, seed=5)
    monkeypatch.setattr("evaluators.metrics.labels._CELLS_AT_ONCE", 30)
    _, parts = MacroF1().resample(pairs(), resamples=50, seed=5)
    np.testing.assert_array_equal(whole, parts)


def test_macro_f1_cannot_be_had_from_right_and_wrong() -> None:
    metric = MacroF1()
    with pytest.raises(EvaluationError, match="score_examples"):
        metric.aggregate(metric.rows(pairs()))
