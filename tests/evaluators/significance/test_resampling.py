"""What is drawn of many rows, and the sums over random halves of the rows."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from evaluators import bootstrap_interval
from evaluators.significance import resampling
from evaluators.significance.resampling import kept_sums, resampled_means, unpaired_sums


def plain_sums(table: np.ndarray, resamples: int, random: np.random.Generator) -> np.ndarray:
    """The same patterns, unpacked and multiplied."""
    n = len(table)
    step = max(1, (1 << 22) // n)
    found = []
    for start in range(0, resamples, step):
        draws = min(step, resamples - start)
        packed = random.integers(0, 256, size=(draws, -(-n // 8)), dtype=np.uint8)
        found.append(np.unpackbits(packed, axis=1, count=n).astype(np.float64) @ table)
    return np.concatenate(found)


@given(
    rows=st.integers(14, 90), columns=st.integers(1, 3), patterns=st.integers(1, 300),
    seed=st.integers(0, 99), together=st.sampled_from([1, 100, 1 << 25]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_sums_looked_up_by_the_byte_are_those_of_the_bits(
    rows: int, columns: int, patterns: int, seed: int, together: int
) -> None:
    table = np.random.default_rng(seed).normal(size=(rows, columns))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resampling, "_BYTES_AT_ONCE", together)
        patch.setattr(resampling, "_INDICES_AT_ONCE", 512)
        found = kept_sums(table, patterns, np.random.default_rng(seed))
    expected = plain_sums(table, patterns, np.random.default_rng(seed))
    assert found == pytest.approx(expected, abs=1e-12)


def test_patterns_of_many_rows_are_drawn_in_the_same_calls() -> None:
    table = np.random.default_rng(0).normal(size=(100_001, 1))
    found = kept_sums(table, 130, np.random.default_rng(5))
    assert found == pytest.approx(plain_sums(table, 130, np.random.default_rng(5)), abs=1e-8)


def few_values(rows: int, columns: int = 1) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 5, size=(rows, columns)) / 7


def test_counts_of_few_values_have_the_distribution_of_drawn_rows() -> None:
    rows = few_values(40_000)[:, 0]
    counted = resampled_means(rows, 4000, np.random.default_rng(0))
    drawn = resampled_means(rows + 1e-9 * np.arange(40_000), 4000, np.random.default_rng(0))
    assert stats.ks_2samp(counted, drawn).pvalue > 0.01
    assert counted.mean() == pytest.approx(rows.mean(), abs=4 * rows.std() / np.sqrt(40_000 * 4000))
    assert counted.std() == pytest.approx(rows.std() / 200, rel=0.05)


def test_counts_keep_the_columns_of_a_row_together() -> None:
    table = few_values(40_000)
    both = np.hstack([table, 1 - table])
    sums = unpaired_sums(both, 500, np.random.default_rng(0))
    assert sums.sum(axis=1) == pytest.approx(np.full(500, 40_000.0))
    assert sums[:, 0].std() > 0


def test_rows_are_drawn_themselves_where_they_are_not_many_or_hardly_alike() -> None:
    few = few_values(16_383)[:, 0]
    different = np.random.default_rng(0).random(16_384)
    for rows in (few, different):
        random = np.random.default_rng(3)
        expected = [rows[random.integers(0, len(rows), len(rows))].mean() for _ in range(3)]
        assert resampled_means(rows, 3, np.random.default_rng(3)).tolist() == expected


def test_an_interval_of_a_million_alike_rows_takes_no_time_per_row() -> None:
    rows = few_values(1_000_000)[:, 0]
    start = time.process_time()
    low, high = bootstrap_interval(rows)
    assert time.process_time() - start < 5
    assert low < rows.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * rows.std() / 1000, rel=0.1)
