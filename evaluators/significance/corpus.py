"""Intervals and tests of scores that are no mean of rows, such as BLEU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from evaluators.significance.checks import require_pairs
from evaluators.significance.interval import Interval, percentile_interval
from evaluators.significance.paired import (
    PairedResult,
    paired_result,
    row_differences,
    scored_pairs,
    shifted_p_value,
)
from evaluators.significance.resampling import kept_sums, share_reached, unpaired_sums
from evaluators.significance.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example, SummedMetric

Resampling = Literal["randomization", "bootstrap"]


def corpus_interval(
    totals: Totals, *, confidence: float = 0.95, resamples: int = 9999, seed: int = 0
) -> Interval:
    """Return the percentile bootstrap interval of a score of sums over rows (Efron 1979).

    Raises EvaluationError where no sample of the rows has a score.
    """
    drawn = unpaired_sums(totals.table, resamples, np.random.default_rng(seed))
    return percentile_interval(totals.value(drawn), confidence, len(totals))


def corpus_paired_test(
    metric: SummedMetric,
    a: Sequence[Example],
    b: Sequence[Example],
    *,
    by: Resampling = "randomization",
    confidence: float = 0.95,
    resamples: int = 9999,
    seed: int = 0,
) -> PairedResult:
    """Test whether a corpus score of A differs from that of B, both answering the same rows.

    ``randomization`` swaps the two answers of random rows (Riezler and Maxwell 2005); few rows
    that differ are swapped in every way. ``bootstrap`` draws the same rows of both with
    replacement (Koehn 2004) and shifts the differences to a mean of 0. Both two-sided; equal
    systems have p = 1. The interval of the difference is the bootstrap's either way; wins, ties
    and losses are those of the row scores that both have. Raises EvaluationError for unequal
    lengths and no rows.
    """
    require_pairs(len(a), len(b))
    left, right = Totals.of_metric(metric, a), Totals.of_metric(metric, b)
    drawn = resampled_differences(left, right, resamples, seed)
    difference = left.score - right.score
    low, high = percentile_interval(drawn, confidence, len(a))
    p_value = (
        shifted_p_value(drawn, difference)
        if by == "bootstrap"
        else _randomization(left, right, resamples, seed)
    )
    rows = row_differences(*scored_pairs(metric.rows(a), metric.rows(b)))
    return paired_result(difference, low, high, p_value, rows)


def resampled_differences(
    left: Totals, right: Totals, resamples: int, seed: int
) -> NDArray[np.float64]:
    """Return left's score minus right's on bootstrap samples of the same rows of both."""
    both = np.hstack([left.table, right.table])
    sums = unpaired_sums(both, resamples, np.random.default_rng(seed))
    columns = left.table.shape[1]
    differences: NDArray[np.float64] = left.value(sums[:, :columns]) - right.value(
        sums[:, columns:]
    )
    return differences


def _randomization(left: Totals, right: Totals, resamples: int, seed: int) -> float:
    apart = (left.table != right.table).any(axis=1)
    moved = (left.table - right.table)[apart]
    n = len(moved)
    base = right.table.sum(axis=0)
    total = left.table.sum(axis=0) + base
    reached = abs(left.score - right.score) * (1 - 1e-9)
    one = base + kept_sums(moved, resamples, np.random.default_rng(seed))
    hits = int((np.abs(left.value(one) - right.value(total - one)) >= reached).sum())
    return share_reached(hits, n, resamples)
