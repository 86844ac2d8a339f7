from __future__ import annotations

import itertools
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy import stats

from evaluators import EvaluationError, bootstrap_interval, paired_test
from evaluators.significance.interval import percentile_interval

ROWS = np.random.default_rng(0).beta(5, 2, 200)


def test_interval_is_scipys_bca() -> None:
    expected = stats.bootstrap(
        (ROWS,), np.mean, method="BCa", batch=100, rng=np.random.default_rng(0)
    ).confidence_interval
    assert bootstrap_interval(ROWS) == pytest.approx((expected.low, expected.high))


def test_skewed_rows_have_scipys_interval_too() -> None:
    rows = np.random.default_rng(1).exponential(size=35)
    expected = stats.bootstrap(
        (rows,), np.mean, method="BCa", batch=100, rng=np.random.default_rng(0)
    ).confidence_interval
    assert bootstrap_interval(rows) == pytest.approx((expected.low, expected.high))


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    random = np.random.default_rng(7)
    hits = 0
    for trial in range(200):
        low, high = bootstrap_interval(random.random(60), resamples=400, seed=trial)
        hits += low <= 0.5 <= high
    assert 0.89 <= hits / 200 <= 0.99


@pytest.mark.parametrize("rows", [[0.4] * 2, [0.1] * 7, [0.0, 0.0]])
def test_equal_rows_have_an_interval_without_width(rows: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bootstrap_interval(rows) == (rows[0], rows[0])


def test_one_row_has_no_interval() -> None:
    assert np.isnan(bootstrap_interval([0.4])).all()


@given(st.lists(st.floats(0, 1), min_size=2, max_size=12))
@example([0.0, 5e-324])
@example([0.0, 1e-200, 3e-200])
@example([0.0] * 11 + [1.0])
@settings(max_examples=200, deadline=None)
def test_interval_holds_the_mean_and_warns_of_nothing(rows: list[float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        low, high = bootstrap_interval(rows, resamples=99)
    assert low - 1e-12 <= np.mean(rows) <= high + 1e-12
    assert min(rows) - 1e-12 <= low
    assert high <= max(rows) + 1e-12


def test_wider_confidence_and_fewer_rows_give_wider_intervals() -> None:
    def width(rows: ArrayLike, confidence: float) -> float:
        low, high = bootstrap_interval(rows, confidence=confidence, resamples=999)
        return high - low

    assert width(ROWS, 0.99) > width(ROWS, 0.9)
    assert width(ROWS[:50], 0.95) > width(ROWS, 0.95)


def test_many_rows_take_no_quadratic_time() -> None:
    rows = np.random.default_rng(0).random(60_000)
    low, high = bootstrap_interval(rows, resamples=200)
    error = rows.std() / np.sqrt(len(rows))
    assert high - low == pytest.approx(2 * 1.96 * error, rel=0.2)


@pytest.mark.parametrize("rows", [[], [[1.0]], [float("nan"), 1.0], [float("inf")]])
def test_unusable_rows_are_refused(rows: list[float | list[float]]) -> None:
    with pytest.raises(EvaluationError):
        bootstrap_interval(rows)


def test_few_rows_are_tested_exactly_as_worked_by_hand() -> None:
    # Differences 1, 2, 3 have 8 sign patterns; only +++ and --- reach |6|.
    result = paired_test([1, 2, 3], [0, 0, 0])
    assert result.p_value == 2 / 8
    assert result.difference == 2
    assert (result.wins, result.ties, result.losses) == (3, 0, 0)


@given(st.lists(st.integers(-3, 3), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_exact_p_value_is_that_of_all_sign_patterns(differences: list[float]) -> None:
    flips = itertools.product((-1, 1), repeat=len(differences))
    sums = [abs(np.dot(flip, differences)) for flip in flips]
    expected = np.mean([value >= abs(sum(differences)) for value in sums])
    scaled = np.array(differences) / 10
    result = paired_test(scaled + 0.3, np.full(len(differences), 0.3), resamples=99)
    assert result.p_value == pytest.approx(expected)


def test_random_p_value_is_near_scipys_permutation_test() -> None:
    random = np.random.default_rng(2)
    a = random.random(80)
    b = a + random.normal(-0.02, 0.1, 80)
    expected = stats.permutation_test(
        (a - b,),
        lambda d, axis: d.mean(axis=axis),
        permutation_type="samples",
        vectorized=True,
        rng=np.random.default_rng(0),
    ).pvalue
    assert paired_test(a, b).p_value == pytest.approx(expected, abs=0.02)


def test_random_p_value_is_never_zero() -> None:
    a = np.random.default_rng(0).random(50)
    assert paired_test(a + 1, a, resamples=999).p_value == 1 / 1000


def test_identical_rows_do_not_differ() -> None:
    result = paired_test(ROWS, ROWS)
    assert (result.difference, result.low, result.high, result.p_value) == (0, 0, 0, 1)
    assert (result.wins, result.ties, result.losses) == (0, 200, 0)


def test_the_last_bits_of_an_embedding_are_no_win() -> None:
    noisy = ROWS + np.random.default_rng(1).normal(0, 1e-8, len(ROWS))
    result = paired_test(noisy, ROWS)
    assert (result.wins, result.ties, result.losses, result.p_value) == (0, 200, 0, 1)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=20))
@settings(max_examples=30, deadline=None)
def test_changing_sides_changes_only_the_sign(pairs: list[tuple[float, float]]) -> None:
    a, b = map(list, zip(*pairs, strict=True))
    forth, back = paired_test(a, b, resamples=199), paired_test(b, a, resamples=199)
    assert forth.difference == pytest.approx(-back.difference)
    assert forth.p_value == pytest.approx(back.p_value)
    assert (forth.wins, forth.losses) == (back.losses, back.wins)


def test_false_alarms_are_as_rare_as_promised() -> None:
    random = np.random.default_rng(5)
    alarms = sum(
        paired_test(*random.random((2, 40)), resamples=199, seed=trial).p_value <= 0.05
        for trial in range(200)
    )
    assert alarms / 200 <= 0.1


def test_memory_stays_bounded() -> None:
    random = np.random.default_rng(0)
    a, b = random.random((2, 10_000))
    tracemalloc.start()
    paired_test(a, b, resamples=2000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6


def test_unequal_lengths_are_refused() -> None:
    with pytest.raises(EvaluationError, match="2 rows cannot be paired with 1"):
        paired_test([1, 2], [1])


@pytest.mark.parametrize("wrong", [{"resamples": 0}, {"confidence": 1.5}, {"confidence": 0}])
def test_an_interval_of_nothing_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(EvaluationError, match="a confidence between 0 and 1"):
        bootstrap_interval([0.0, 1.0], **wrong)


def test_samples_without_a_score_are_left_out_of_the_interval() -> None:
    values = np.array([np.nan, 0.0, 1.0, np.nan])
    assert percentile_interval(values, 0.95, 9) == pytest.approx((0.025, 0.975))
    with pytest.raises(EvaluationError, match="no bootstrap sample has a score"):
        percentile_interval(values[:1], 0.95, 9)
