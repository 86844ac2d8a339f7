from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluators import EvaluationError, bootstrap_interval, paired_test
from evaluators.significance import paired_bootstrap, resampling, scored_pairs
from evaluators.significance.resampling import resampled_means, resampled_sums


def test_it_agrees_with_the_t_test_where_that_holds() -> None:
    random = np.random.default_rng(3)
    a = random.normal(0.5, 0.1, 200)
    b = a + random.normal(-0.012, 0.1, 200)
    found = paired_bootstrap(a, b)
    expected = stats.ttest_rel(a, b)
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.01)
    interval = expected.confidence_interval()
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), abs=1e-3)


def test_it_agrees_with_the_sign_flips() -> None:
    random = np.random.default_rng(4)
    a, b = random.random((2, 150))
    flipped, drawn = paired_test(a, b), paired_bootstrap(a, b)
    assert drawn.p_value == pytest.approx(flipped.p_value, abs=0.02)
    assert (drawn.wins, drawn.ties, drawn.losses) == (flipped.wins, flipped.ties, flipped.losses)


def test_equal_systems_do_not_differ() -> None:
    rows = np.random.default_rng(0).random(40)
    same = paired_bootstrap(rows, rows, resamples=99)
    assert (same.difference, same.low, same.high, same.p_value) == (0, 0, 0, 1)


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=15))
@settings(max_examples=30, deadline=None)
def test_p_is_a_probability_and_sides_do_not_matter(pairs: list[tuple[float, float]]) -> None:
    a, b = map(list, zip(*pairs, strict=True))
    forth, back = (paired_bootstrap(*both, resamples=99) for both in ((a, b), (b, a)))
    assert 1 / 100 <= forth.p_value <= 1
    assert forth.p_value == pytest.approx(back.p_value)
    assert (forth.low, forth.high) == pytest.approx((-back.high, -back.low), nan_ok=True)
    assert np.isnan(forth.low) == (len(pairs) == 1)


@pytest.mark.parametrize("cells", [1, 700, 1 << 20])
def test_parts_do_not_show(monkeypatch: pytest.MonkeyPatch, cells: int) -> None:
    rows = np.random.default_rng(0).random((50, 3))
    whole = resampled_sums(rows, 40, np.random.default_rng(1))
    means = resampled_means(rows[:, 0], 40, np.random.default_rng(1))
    monkeypatch.setattr(resampling, "_INDICES_AT_ONCE", cells)
    assert resampled_sums(rows, 40, np.random.default_rng(1)) == pytest.approx(whole)
    assert resampled_means(rows[:, 0], 40, np.random.default_rng(1)) == pytest.approx(means)
    assert whole[:, 0] / 50 == pytest.approx(means)


def test_ten_thousand_rows_resampled_ten_thousand_times_stay_quick_and_small() -> None:
    rows = np.random.default_rng(0).random(10_000)
    bootstrap_interval(rows, resamples=10)
    start = time.process_time()
    bootstrap_interval(rows, resamples=10_000)
    assert time.process_time() - start < 2
    peaks = []
    for resamples in (500, 4000):
        tracemalloc.start()
        bootstrap_interval(rows, resamples=resamples)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 40e6
    assert peaks[1] - peaks[0] < 1e6


def test_memory_of_corpus_draws_does_not_grow_with_them() -> None:
    table = np.random.default_rng(0).random((5000, 8))
    tracemalloc.start()
    resampled_sums(table, 3000, np.random.default_rng(0))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60e6


def test_rows_without_a_score_on_either_side_are_left_out() -> None:
    nan = float("nan")
    a, b = scored_pairs([0.1, nan, 0.3, 0.4], [0.5, 0.6, nan, 0.8])
    assert (a.tolist(), b.tolist()) == ([0.1, 0.4], [0.5, 0.8])
    with pytest.raises(EvaluationError, match="no row has a score in both"):
        scored_pairs([nan, 1.0], [1.0, nan])
    with pytest.raises(EvaluationError, match="2 rows cannot be paired with 1"):
        scored_pairs([1.0, 2.0], [1.0])
