"""The scores of an experiment's cells, and weighted sums of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.interval import bootstrap_interval, percentile_interval
from evaluators.significance.paired import paired_test, row_differences, shifted_p_value
from evaluators.significance.resampling import resampled_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    from evaluators.significance.totals import Totals


class Estimate(NamedTuple):
    """A number with its 95% interval."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """A difference with its 95% interval and two-sided p-value.

    ``p_adjusted`` is Holm's, over all differences of a table.
    """

    value: float
    low: float
    high: float
    p_value: float
    p_adjusted: float


class Outcomes(Protocol):
    """The scores of all cells, in the design's order, on the same rows."""

    @property
    def scores(self) -> NDArray[np.float64]:
        """Each cell's score, shape ``(cells,)``."""
        ...

    @property
    def n(self) -> int:
        """How many rows the scores are of."""
        ...

    def estimate(self, weights: NDArray[np.float64]) -> Estimate:
        """Return the weighted sum of the scores; weights have shape ``(cells,)``."""
        ...

    def test(self, weights: NDArray[np.float64]) -> Difference:
        """Return the same with the p-value of its being 0, not yet adjusted."""
        ...


class RowOutcomes:
    """Cells whose score is the mean of row scores, given with shape ``(cells, rows)``.

    Rows that some cell has no score for (NaN) are left out. Intervals are ``bootstrap_interval``'s,
    tests ``paired_test``'s. Raises EvaluationError where no row is left.
    """

    def __init__(self, rows: ArrayLike, *, resamples: int = 9999, seed: int = 0) -> None:
        table = np.atleast_2d(np.asarray(rows, dtype=np.float64))
        scored = ~np.isnan(table).any(axis=0)
        if not scored.any():
            raise EvaluationError("no row has a score in all cells")
        self._rows = table[:, scored]
        self._resamples, self._seed = resamples, seed
        self.n = int(scored.sum())
        self.scores: NDArray[np.float64] = self._rows.mean(axis=1)

    def estimate(self, weights: NDArray[np.float64]) -> Estimate:
        """Return the weighted sum of the scores."""
        gains = row_differences(weights @ self._rows, np.zeros(self.n))
        interval = bootstrap_interval(gains, resamples=self._resamples, seed=self._seed)
        return Estimate(float(gains.mean()), *interval)

    def test(self, weights: NDArray[np.float64]) -> Difference:
        """Return the same with its p-value."""
        found = paired_test(
            weights @ self._rows, np.zeros(self.n), resamples=self._resamples, seed=self._seed
        )
        return Difference(found.difference, found.low, found.high, found.p_value, found.p_value)


class SummedOutcomes:
    """Cells whose score is a function of sums over rows, such as BLEU.

    Each cell is one system or more (its seeds), whose scores are averaged. Intervals are percentile
    ones, p-values those of ``paired_bootstrap``. Raises EvaluationError for different numbers of
    rows.
    """

    def __init__(
        self,
        cells: Sequence[Sequence[Totals]],
        *,
        scale: float = 1.0,
        resamples: int = 9999,
        seed: int = 0,
    ) -> None:
        lengths = {len(system) for cell in cells for system in cell}
        if len(lengths) != 1:
            raise EvaluationError("the cells have different numbers of rows")
        self.n = lengths.pop()
        self.scores = scale * np.array([np.mean([each.score for each in cell]) for cell in cells])

        def drawn(system: Totals) -> NDArray[np.float64]:
            # Equal seeds draw the same rows for every cell.
            return system.value(
                resampled_sums(system.table, resamples, np.random.default_rng(seed))
            )

        self._drawn = scale * np.array([np.mean([*map(drawn, cell)], axis=0) for cell in cells])

    def estimate(self, weights: NDArray[np.float64]) -> Estimate:
        """Return the weighted sum of the scores."""
        interval = percentile_interval(weights @ self._drawn, 0.95, self.n)
        return Estimate(float(weights @ self.scores), *interval)

    def test(self, weights: NDArray[np.float64]) -> Difference:
        """Return the same with its p-value."""
        estimate = self.estimate(weights)
        p_value = shifted_p_value(weights @ self._drawn, estimate.value)
        return Difference(*estimate, p_value, p_value)
