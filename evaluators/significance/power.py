"""The smallest difference that a test set can show."""

from __future__ import annotations

from math import sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.checks import require_pairs
from evaluators.significance.corpus import resampled_differences
from evaluators.significance.counted import counted_differences
from evaluators.significance.paired import row_differences
from evaluators.significance.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evaluators.base import CountedMetric, Example, SummedMetric


class Detectable(NamedTuple):
    """A true difference that a two-sided test at ``alpha`` finds with probability ``power``.

    ``deviation`` is the standard deviation of the ``n`` row differences it was worked out from;
    of a corpus score, its standard error times the root of ``n``.
    """

    difference: float
    alpha: float
    power: float
    deviation: float
    n: int


def detectable_difference(
    a: ArrayLike, b: ArrayLike, *, alpha: float = 0.05, power: float = 0.8
) -> Detectable:
    """Return the smallest mean difference that pairs like these rows of A and B would show.

    ``(t[1 - alpha/2] + t[power]) * deviation / sqrt(n)`` with n - 1 degrees of freedom: the
    minimum detectable difference of Zar (1999, Biostatistical Analysis, ch. 7); why to look at it,
    Card et al. (2020, With Little Power Comes Great Responsibility). Raises EvaluationError for
    fewer than two rows, unequal lengths, or shares outside (0, 1).
    """
    differences = row_differences(a, b)
    n = len(differences)
    _require_usable(n, alpha, power)
    from scipy.special import stdtrit

    deviation = float(differences.std(ddof=1))
    quantiles = float(stdtrit(n - 1, 1 - alpha / 2) + stdtrit(n - 1, power))
    return Detectable(quantiles * deviation / sqrt(n), alpha, power, deviation, n)


def detectable_corpus_difference(
    metric: SummedMetric,
    a: Sequence[Example],
    b: Sequence[Example],
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    resamples: int = 9999,
    seed: int = 0,
) -> Detectable:
    """Return the same of a corpus score: ``(z[1 - alpha/2] + z[power]) * standard error``.

    The error is the standard deviation of the difference over bootstrap samples of the rows (Efron
    and Tibshirani 1993, ch. 6). Raises EvaluationError as ``detectable_difference`` does.
    """
    require_pairs(len(a), len(b))
    _require_usable(len(a), alpha, power)
    left, right = Totals.of_metric(metric, a), Totals.of_metric(metric, b)
    drawn = resampled_differences(left, right, resamples, seed)
    return _of_bootstrap(drawn, len(a), alpha, power)


def detectable_counted_difference(
    metric: CountedMetric,
    a: Sequence[Example],
    b: Sequence[Example],
    *,
    alpha: float = 0.05,
    power: float = 0.8,
    resamples: int = 9999,
    seed: int = 0,
) -> Detectable:
    """Return the same of a score that depends on how often each row counts."""
    require_pairs(len(a), len(b))
    _require_usable(len(a), alpha, power)
    left, right = metric.of_counts(a), metric.of_counts(b)
    drawn = counted_differences(left, right, len(a), resamples, seed)
    return _of_bootstrap(drawn, len(a), alpha, power)


def _of_bootstrap(drawn: NDArray[np.float64], n: int, alpha: float, power: float) -> Detectable:
    error = float(drawn[~np.isnan(drawn)].std(ddof=1))
    normal = NormalDist()
    quantiles = normal.inv_cdf(1 - alpha / 2) + normal.inv_cdf(power)
    return Detectable(quantiles * error, alpha, power, error * sqrt(n), n)


def _require_usable(n: int, alpha: float, power: float) -> None:
    if n < 2:
        raise EvaluationError("one row has no variance: use at least two")
    if not (0 < alpha < 1 and 0 < power < 1):
        raise EvaluationError(f"alpha={alpha} and power={power} must lie between 0 and 1")
