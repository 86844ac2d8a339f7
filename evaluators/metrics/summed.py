"""What metrics of sums over rows share: resampling, and a value from statistics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from evaluators.base import Direction
from evaluators.errors import EvaluationError
from evaluators.significance.resampling import unpaired_sums

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example, SummedMetric


class Summed(ABC):
    """Base of corpus metrics whose value is a function of sums over the rows."""

    name: str
    direction: Direction = "higher"

    @abstractmethod
    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return what each row adds to the sums, shape ``(len(examples), statistics)``."""

    @abstractmethod
    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the values that sums of shape ``(samples, statistics)`` have: ``(samples,)``."""

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the value and its values on ``resamples`` bootstrap samples of the rows."""
        return resampled(self, examples, resamples=resamples, seed=seed)

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Raise EvaluationError: row scores do not determine the value."""
        raise EvaluationError(
            f"{self.name} cannot be computed from {len(rows)} row scores: use "
            "evaluators.score_examples"
        )


def resampled(
    metric: SummedMetric | Summed, examples: Sequence[Example], *, resamples: int, seed: int
) -> tuple[float, NDArray[np.float64]]:
    """Return a metric's value and its values on bootstrap samples of the rows.

    Raises EvaluationError where there are no rows.
    """
    table = metric.statistics(examples)
    if not len(table):
        raise EvaluationError(f"{metric.name} has no rows to add up")
    value = float(metric.from_sums(table.sum(axis=0, keepdims=True))[0])
    drawn = unpaired_sums(table, resamples, np.random.default_rng(seed))
    return value, metric.from_sums(drawn)
