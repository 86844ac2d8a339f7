"""Tests of two systems' row scores on the same rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.checks import checked, require_pairs
from evaluators.significance.interval import bootstrap_interval, percentile_interval
from evaluators.significance.resampling import kept_sums, resampled_means, share_reached

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

# One text embedded in two batches differs in its low bits; that is no win.
_NOISE: Final = 1e-6


@dataclass(frozen=True)
class PairedResult:
    """A against B on the same rows; ``difference`` is A's score minus B's, wins are rows of A.

    ``low`` and ``high`` bound the difference at 95% unless the test was asked for another
    confidence; ``p_value`` is two-sided.
    """

    difference: float
    low: float
    high: float
    p_value: float
    wins: int
    ties: int
    losses: int


def paired_test(
    a: ArrayLike, b: ArrayLike, *, resamples: int = 9999, seed: int = 0
) -> PairedResult:
    """Test whether A and B differ in mean, by flipping the signs of their row differences.

    Fisher's randomization test (1935, The Design of Experiments, 21). Two-sided; differences up to
    1e-6 are ties. All sign patterns are tried where they number at most 2**13 (ties need none);
    else ``resamples`` random ones, p being (hits + 1) / (resamples + 1). The interval is the
    bootstrap's, of the mean difference. Raises EvaluationError for unequal lengths, no rows, or
    values that are not finite.
    """
    differences = row_differences(a, b)
    low, high = bootstrap_interval(differences, resamples=resamples, seed=seed)
    p_value = _sign_flip(differences[differences != 0], resamples, seed)
    return paired_result(float(differences.mean()), low, high, p_value, differences)


def paired_bootstrap(
    a: ArrayLike, b: ArrayLike, *, confidence: float = 0.95, resamples: int = 9999, seed: int = 0
) -> PairedResult:
    """Test whether A and B differ in mean, by drawing the same rows of both with replacement.

    Two-sided, after shifting the resampled differences to a mean of 0 (Efron and Tibshirani 1993,
    An Introduction to the Bootstrap, 16.4); p is (hits + 1) / (resamples + 1). The interval is the
    percentile one of the same draws. Raises EvaluationError as ``paired_test`` does.
    """
    differences = row_differences(a, b)
    drawn = resampled_means(differences, resamples, np.random.default_rng(seed))
    difference = float(differences.mean())
    low, high = percentile_interval(drawn, confidence, len(differences))
    return paired_result(difference, low, high, shifted_p_value(drawn, difference), differences)


def scored_pairs(a: ArrayLike, b: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rows that both systems have a score for, others (NaN) being left out.

    Raises EvaluationError for unequal lengths and where no row is left.
    """
    left, right = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    require_pairs(len(left), len(right))
    both = ~(np.isnan(left) | np.isnan(right))
    if not both.any():
        raise EvaluationError("no row has a score in both systems")
    return left[both], right[both]


def row_differences(a: ArrayLike, b: ArrayLike) -> NDArray[np.float64]:
    """Return A's row scores minus B's, noise being 0; raises EvaluationError for no pairs."""
    left, right = checked(a), checked(b)
    require_pairs(len(left), len(right))
    differences = left - right
    differences[np.abs(differences) <= _NOISE] = 0.0
    return differences


def paired_result(
    difference: float, low: float, high: float, p_value: float, rows: NDArray[np.float64]
) -> PairedResult:
    """Return the result with the wins, ties and losses among the row differences."""
    wins, ties = int((rows > 0).sum()), int((rows == 0).sum())
    return PairedResult(difference, low, high, p_value, wins, ties, len(rows) - wins - ties)


def shifted_p_value(drawn: NDArray[np.float64], difference: float) -> float:
    """Return how often resampled differences, shifted to a mean of 0, reach the observed one."""
    # Values that are equal on paper differ in the last bits; they count as reached.
    reached = abs(difference) * (1 - 1e-12)
    hits = int((np.abs(drawn - drawn.mean()) >= reached).sum())
    return (hits + 1) / (len(drawn) + 1)


def _sign_flip(differences: NDArray[np.float64], resamples: int, seed: int) -> float:
    n = len(differences)
    total = differences.sum()
    reached = abs(total) - 1e-12 * np.abs(differences).sum()
    kept = kept_sums(differences[:, np.newaxis], resamples, np.random.default_rng(seed))[:, 0]
    hits = int((np.abs(2 * kept - total) >= reached).sum())
    return share_reached(hits, n, resamples)
