"""Tests of scores that depend on how often each row counts, such as AUC."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluators.significance.checks import require_pairs
from evaluators.significance.interval import percentile_interval
from evaluators.significance.paired import PairedResult, paired_result, row_differences
from evaluators.significance.resampling import drawn_counts, kept_rows, share_reached

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evaluators.base import CountedMetric, Example

    Value = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def counted_paired_test(
    metric: CountedMetric,
    a: Sequence[Example],
    b: Sequence[Example],
    *,
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> PairedResult:
    """Test whether a score of A differs from that of B, both answering the same rows.

    By randomization, as ``corpus_paired_test`` does: the two answers of random rows are swapped, in
    every way where few rows differ. Two-sided; equal systems have p = 1. The interval is the
    bootstrap's; wins, ties and losses are those of the metric's row scores. Raises
    EvaluationError for unequal lengths and no rows.
    """
    require_pairs(len(a), len(b))
    rows = row_differences(metric.rows(a), metric.rows(b))
    left, right = metric.of_counts(a), metric.of_counts(b)
    whole = np.ones((1, len(a)))
    difference = float(left(whole)[0] - right(whole)[0])
    drawn = counted_differences(left, right, len(a), resamples, seed)
    low, high = percentile_interval(drawn, confidence, len(a))
    p_value = _randomization(metric, a, b, difference, resamples, seed)
    return paired_result(difference, low, high, p_value, rows)


def counted_differences(
    left: Value, right: Value, n: int, resamples: int, seed: int
) -> NDArray[np.float64]:
    """Return left's score minus right's on bootstrap samples of the same ``n`` rows of both."""
    blocks = drawn_counts(n, resamples, np.random.default_rng(seed))
    return np.concatenate([left(counts) - right(counts) for counts in blocks])


def _randomization(
    metric: CountedMetric,
    a: Sequence[Example],
    b: Sequence[Example],
    difference: float,
    resamples: int,
    seed: int,
) -> float:
    apart = np.array([one.answer != other.answer for one, other in zip(a, b, strict=True)])
    n = int(apart.sum())
    if not n:
        return 1.0
    value = metric.of_counts([*a, *b])
    reached = abs(difference) * (1 - 1e-9) - 1e-12
    hits = 0
    for kept in kept_rows(n, resamples, np.random.default_rng(seed)):
        own = np.ones((len(kept), len(a)))
        own[:, apart] = kept
        one, other = np.hstack([own, 1 - own]), np.hstack([1 - own, own])
        hits += int((np.abs(value(one) - value(other)) >= reached).sum())
    return share_reached(hits, n, resamples)
