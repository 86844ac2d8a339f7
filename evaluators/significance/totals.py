"""A system's score as a function of sums over its rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.significance.checks import checked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike, NDArray

    from evaluators.base import Example, SummedMetric


@dataclass(frozen=True)
class Totals:
    """What each row adds, shape ``(n, columns)``, and the values that column sums have.

    ``value`` takes sums of shape ``(samples, columns)`` and returns ``(samples,)``. A mean and a
    corpus score are resampled and split alike this way.
    """

    table: NDArray[np.float64] = field(repr=False)
    value: Callable[[NDArray[np.float64]], NDArray[np.float64]] = field(repr=False)

    @classmethod
    def of_rows(cls, rows: ArrayLike) -> Totals:
        """Take row scores, whose mean is the score."""
        values = checked(rows)
        return cls(np.column_stack([values, np.ones(len(values))]), _mean)

    @classmethod
    def of_metric(cls, metric: SummedMetric, examples: Sequence[Example]) -> Totals:
        """Take a corpus metric's statistics; raises EvaluationError for no or unfinite ones."""
        table = np.asarray(metric.statistics(examples), dtype=np.float64)
        if not len(table):
            raise EvaluationError(f"{metric.name} has no rows to add up")
        if not np.isfinite(table).all():
            raise EvaluationError(f"{metric.name} left some row without finite statistics")
        return cls(table, metric.from_sums)

    @property
    def score(self) -> float:
        """The value of all rows."""
        return float(self.value(self.table.sum(axis=0, keepdims=True))[0])

    def __len__(self) -> int:
        return len(self.table)


def _mean(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = sums[:, 0] / sums[:, 1]
    return means
