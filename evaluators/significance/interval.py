"""Bootstrap intervals of a mean."""

from __future__ import annotations

from math import nan
from statistics import NormalDist
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.checks import checked
from evaluators.significance.resampling import resampled_means

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


class Interval(NamedTuple):
    """Both ends of an interval; NaN where there is none, as of one row."""

    low: float
    high: float


NO_INTERVAL: Final = Interval(nan, nan)


def bootstrap_interval(
    rows: ArrayLike, *, confidence: float = 0.95, resamples: int = 9999, seed: int = 0
) -> Interval:
    """Return the bootstrap interval of the mean of ``rows``, shape ``(n,)``.

    BCa (Efron 1987, JASA 82:171-185), the numbers of ``scipy.stats.bootstrap``; for many rows of
    few different values, of the same distribution (see ``resampling.resampled_means``). One row has
    no interval; of equal rows, both ends are the mean. Raises EvaluationError for no rows, values
    that are not finite, a confidence outside 0 to 1 and no resamples.
    """
    values = checked(rows)
    if not 0 < confidence < 1 or resamples < 1:
        raise EvaluationError(
            f"an interval needs a confidence between 0 and 1 and at least 1 sample, "
            f"not {confidence:g} and {resamples}"
        )
    if len(values) == 1:
        return NO_INTERVAL
    if np.all(values == values[0]):
        return Interval(float(values[0]), float(values[0]))
    mean = float(values.mean())
    means = resampled_means(values, resamples, np.random.default_rng(seed))
    low, high = np.quantile(means, _bca_levels(values, mean, means, confidence))
    # The mean lies inside by meaning; on a handful of rows BCa's ends may cross it by rounding.
    return Interval(min(float(low), mean), max(float(high), mean))


def percentile_interval(values: NDArray[np.float64], confidence: float, rows: int) -> Interval:
    """Return the middle ``confidence`` of a bootstrap distribution over so many ``rows``.

    One row has no interval. A sample that has no score (NaN), such as one without a row of any
    scored kind, says nothing.
    """
    if rows == 1:
        return NO_INTERVAL
    scored = values[~np.isnan(values)]
    if not len(scored):
        raise EvaluationError("no bootstrap sample has a score: too few rows are scored")
    low, high = np.quantile(scored, _tails(confidence))
    return Interval(float(low), float(high))


def _tails(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


def _bca_levels(
    values: NDArray[np.float64], mean: float, means: NDArray[np.float64], confidence: float
) -> tuple[float, float]:
    """The quantiles to read instead of the plain ones: corrected for bias and skewness."""
    tails = _tails(confidence)
    below = float(((means < mean).mean() + (means <= mean).mean()) / 2)
    if not 0 < below < 1:
        return tails  # no resample on one side: the bias cannot be told
    normal = NormalDist()
    bias = normal.inv_cdf(below)
    acceleration = _acceleration(values - mean)
    low, high = (bias + normal.inv_cdf(tail) for tail in tails)
    if max(acceleration * low, acceleration * high) >= 1:
        return tails  # so skewed that the correction would turn round
    return (
        normal.cdf(bias + low / (1 - acceleration * low)),
        normal.cdf(bias + high / (1 - acceleration * high)),
    )


def _acceleration(spread: NDArray[np.float64]) -> float:
    # The jackknife values of a mean are linear in the rows, so its acceleration has a closed form.
    # It does not depend on the scale, and at scale 1 no power of a tiny spread vanishes.
    scaled = spread / np.abs(spread).max()
    return float((scaled**3).sum() / (6 * (scaled**2).sum() ** 1.5))
