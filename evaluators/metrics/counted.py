"""What corpus metrics share whose value depends on how often each row counts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np

from evaluators.base import Direction
from evaluators.errors import EvaluationError
from evaluators.significance.resampling import drawn_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

    Value = Callable[[NDArray[np.float64]], NDArray[np.float64]]


class Counted(ABC):
    """Base of corpus metrics that ``of_counts`` defines; their row scores average to the value."""

    name: str
    direction: Direction = "higher"

    @abstractmethod
    def of_counts(self, examples: Sequence[Example]) -> Value:
        """Return what makes values, ``(samples,)``, of counts of the rows, ``(samples, rows)``."""

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, NDArray[np.float64]]:
        """Return the value and its values on ``resamples`` bootstrap samples of the rows."""
        if not examples:
            raise EvaluationError(f"{self.name} has no rows to count")
        value = self.of_counts(examples)
        counts = drawn_counts(len(examples), resamples, np.random.default_rng(seed))
        drawn = np.concatenate([value(block) for block in counts])
        return float(value(np.ones((1, len(examples))))[0]), drawn

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Raise EvaluationError: a row's score depends on the other rows."""
        raise EvaluationError(
            f"{self.name} cannot be computed from {len(rows)} row scores: use "
            "evaluators.score_examples"
        )


def summed_by(codes: NDArray[np.intp], size: int) -> Value:
    """Return what adds up the counts of rows of equal code, 0 to ``size - 1``.

    It takes counts of shape ``(samples, rows)`` to ``(samples, size)``.
    """
    order = np.argsort(codes, kind="stable")
    present, starts = np.unique(codes[order], return_index=True)

    def sums(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        found = np.zeros((len(counts), size))
        found[:, present] = np.add.reduceat(counts[:, order], starts, axis=1)
        return found

    return sums
