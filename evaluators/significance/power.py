"""The smallest difference that a test set can show."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from evaluators.errors import EvaluationError
from evaluators.significance.paired import row_differences

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


class Detectable(NamedTuple):
    """A true difference that a two-sided test at ``alpha`` finds with probability ``power``.

    ``deviation`` is the standard deviation of the ``n`` row differences it was worked out from.
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
    if n < 2:
        raise EvaluationError("one row does not tell how much rows differ: use at least two")
    if not (0 < alpha < 1 and 0 < power < 1):
        raise EvaluationError(f"alpha={alpha} and power={power} must lie between 0 and 1")
    from scipy.special import stdtrit

    deviation = float(differences.std(ddof=1))
    quantiles = float(stdtrit(n - 1, 1 - alpha / 2) + stdtrit(n - 1, power))
    return Detectable(quantiles * deviation / sqrt(n), alpha, power, deviation, n)
