"""From local scores to leaderboard scores: a straight line, and how far it can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.checks import require_pairs

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MINIMUM = 3
"""Points that a line with an interval needs: two give a line and no idea of its error."""


class Estimate(NamedTuple):
    """A value on the line and both ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class LinearFit:
    """``y = intercept + slope * x`` by least squares over ``n`` points.

    ``slope_low`` and ``slope_high`` bound the slope at ``confidence``. ``deviation`` is the
    residual standard deviation with n - 2 degrees of freedom, ``correlation`` Pearson's r (NaN
    where all y are equal), ``centre`` the mean of x and ``spread`` the sum of squares around it.
    """

    slope: float
    intercept: float
    slope_low: float
    slope_high: float
    correlation: float
    deviation: float
    n: int
    centre: float
    spread: float
    quantile: float
    confidence: float

    def line(self, x: float) -> Estimate:
        """Return the mean of y at ``x`` with its confidence interval."""
        return self._at(x, self._distance(x))

    def predict(self, x: float) -> Estimate:
        """Return one further y at ``x`` with its prediction interval.

        ``t * deviation * sqrt(1 + 1/n + (x - centre)**2 / spread)``: Draper and Smith (1998,
        Applied Regression Analysis, 1.4 and 3.1).
        """
        return self._at(x, 1 + self._distance(x))

    def _distance(self, x: float) -> float:
        return 1 / self.n + (x - self.centre) ** 2 / self.spread

    def _at(self, x: float, variance: float) -> Estimate:
        value = self.intercept + self.slope * x
        margin = self.quantile * self.deviation * sqrt(variance)
        return Estimate(value, value - margin, value + margin)


def fit_line(x: ArrayLike, y: ArrayLike, *, confidence: float = 0.95) -> LinearFit:
    """Fit ``y`` by a line in ``x``; intervals are those of Student's t with n - 2 degrees.

    Raises EvaluationError for fewer than three points, unequal lengths, values that are not
    finite, and where all x are equal.
    """
    local, seen = np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)
    require_pairs(len(local), len(seen))
    n = len(local)
    if n < MINIMUM:
        raise EvaluationError(f"a line with an interval needs at least {MINIMUM} points, not {n}")
    if not (np.isfinite(local).all() and np.isfinite(seen).all()):
        raise EvaluationError("a line can be fitted only to finite numbers")
    centre, middle = float(local.mean()), float(seen.mean())
    spread = float(((local - centre) ** 2).sum())
    if np.ptp(local) == 0 or spread == 0:
        raise EvaluationError("all points have the same local score: no line can be fitted")
    from scipy.special import stdtrit

    across = float(((local - centre) * (seen - middle)).sum())
    slope = across / spread
    intercept = middle - slope * centre
    deviation = sqrt(float(((seen - intercept - slope * local) ** 2).sum()) / (n - 2))
    quantile = float(stdtrit(n - 2, (1 + confidence) / 2))
    margin = quantile * deviation / sqrt(spread)
    height = float(((seen - middle) ** 2).sum())
    correlation = across / sqrt(spread * height) if height else float("nan")
    return LinearFit(
        slope=slope,
        intercept=intercept,
        slope_low=slope - margin,
        slope_high=slope + margin,
        correlation=correlation,
        deviation=deviation,
        n=n,
        centre=centre,
        spread=spread,
        quantile=quantile,
        confidence=confidence,
    )
