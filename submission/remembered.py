"""A metric that scores the same list of examples once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from evaluators import Example, Metric, Signature
from evaluators.metrics.base import Direction

Working = Callable[[str, int], AbstractContextManager[None]]
"""Called with a metric's name and a number of rows, around work that may be long."""


def quiet(name: str, rows: int) -> AbstractContextManager[None]:  # noqa: ARG001
    """Tell nobody."""
    return nullcontext()


class Remembered:
    """A row metric in front of another one, which keeps the row scores of lists it has seen.

    A formula, its parts, a breakdown and a paired test all ask for the same rows; a model should
    see them once. Lists are told apart by identity and are held, so that they stay what they are.
    """

    def __init__(self, metric: Metric, working: Working = quiet) -> None:
        self.metric = metric
        self._working = working
        self._seen: dict[int, tuple[Sequence[Example], NDArray[np.float64]]] = {}

    @property
    def name(self) -> str:
        """The metric's own."""
        return self.metric.name

    @property
    def signature(self) -> Signature:
        """The metric's own."""
        return self.metric.signature

    @property
    def proxy(self) -> bool:
        """The metric's own."""
        return self.metric.proxy

    @property
    def direction(self) -> Direction:
        """The metric's own."""
        return self.metric.direction

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """The row scores, computed once per list."""
        seen = self._seen.get(id(examples))
        if seen is None:
            with self._working(self.name, len(examples)):
                seen = (examples, self.metric.rows(examples))
            self._seen[id(examples)] = seen
        return seen[1]

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """The metric's own."""
        return self.metric.aggregate(rows)
