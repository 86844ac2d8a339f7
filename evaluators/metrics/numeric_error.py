"""How far numbers are from the gold ones: MAE and RMSE. Less is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Direction
from evaluators.metrics.entry import Entry
from evaluators.metrics.numbers import UNREADABLE, OfNumbers
from evaluators.metrics.rowwise import RowMetric
from evaluators.metrics.summed import Summed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example


class _Difference(OfNumbers):
    """What both share: a row's own score is its absolute difference, and less is better."""

    proxy: Final = None
    direction: Direction = "lower"

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the absolute differences; raises EvaluationError for a gold that is no number."""
        gold, answer = self.numbers(examples)
        return np.abs(gold - answer)


class Mae(_Difference, RowMetric):
    """Mean absolute difference of answer and first reference."""

    name: Final = "mae"


class Rmse(_Difference, Summed):
    """Root of the mean squared difference of answer and first reference."""

    name: Final = "rmse"

    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the squared differences, and 1 for each row."""
        errors = self.rows(examples)
        return np.column_stack([errors**2, np.ones(len(errors))])

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the root mean squares of samples."""
        root: NDArray[np.float64] = np.sqrt(sums[:, 0] / sums[:, 1])
        return root


ENTRIES = (
    Entry(
        Mae.name,
        "mean absolute error of numbers (lower is better)",
        "nothing",
        Mae.of,
        (UNREADABLE,),
        direction="lower",
    ),
    Entry(
        Rmse.name,
        "root mean squared error of numbers (lower is better)",
        "nothing",
        Rmse.of,
        (UNREADABLE,),
        direction="lower",
    ),
)
