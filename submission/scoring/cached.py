"""Metrics that score nothing twice."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
from numpy.typing import NDArray

from evaluators import Example, Metric, Signature
from evaluators.base import (
    Direction,
    SummedMetric,
    is_corpus_metric,
    is_joint,
    is_summed_metric,
)
from evaluators.metrics.summed import Summed

Working = Callable[[str, int], AbstractContextManager[None]]
"""Called with a metric's name and a number of rows, around work that may be long."""


def quiet(name: str, rows: int) -> AbstractContextManager[None]:  # noqa: ARG001
    """Tell nobody."""
    return nullcontext()


def remembering(metric: Metric, working: Working = quiet) -> Metric:
    """The metric with a memory; a corpus metric without statistics per row as it is."""
    if isinstance(metric, Remembered | RememberedSums):
        return metric
    if is_summed_metric(metric):
        return RememberedSums(metric, working)
    return metric if is_corpus_metric(metric) else Remembered(metric, working)


def _cell(example: Example) -> Hashable:
    # An example's vector takes no part in its comparison.
    return example, None if example.vector is None else example.vector.tobytes()


class Remembered:
    """A row metric in front of another one, which keeps the score of every cell it has seen.

    A formula, its parts, a breakdown, a paired test, and another run that answers a row alike all
    ask for the same cells; a model should see them once. A metric whose rows depend on each other
    (``joint``) is asked for whole lists, and remembers those.
    """

    def __init__(self, metric: Metric, working: Working = quiet) -> None:
        self.metric = metric
        self._working = working
        self._cells: dict[Hashable, float] = {}
        self._lists: dict[tuple[Hashable, ...], NDArray[np.float64]] = {}
        self._joint = is_joint(metric)

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
        """The row scores, computed once per cell."""
        cells = [_cell(example) for example in examples]
        if self._joint:
            key = tuple(cells)
            if key not in self._lists:
                self._lists[key] = self._computed(examples)
            return self._lists[key]
        unknown = {
            cell: example
            for cell, example in zip(cells, examples, strict=True)
            if cell not in self._cells
        }
        if unknown or not examples:
            scores = self._computed(list(unknown.values()))
            self._cells.update(zip(unknown, scores.tolist(), strict=True))
        return np.array([self._cells[cell] for cell in cells], dtype=np.float64)

    def _computed(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        with self._working(self.name, len(examples)):
            return self.metric.rows(examples)

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """The metric's own."""
        return self.metric.aggregate(rows)


class RememberedSums(Summed):
    """A corpus metric in front of another one, which keeps what it made of every list of rows.

    Of lists, because what a row adds to the sums may depend on the others, such as their labels.
    """

    def __init__(self, metric: SummedMetric, working: Working = quiet) -> None:
        self.metric = metric
        self.name = metric.name
        self._working = working
        self._rows: dict[tuple[Hashable, ...], NDArray[np.float64]] = {}
        self._statistics: dict[tuple[Hashable, ...], NDArray[np.float64]] = {}

    @property
    def signature(self) -> Signature:
        """The metric's own."""
        return self.metric.signature

    @property
    def proxy(self) -> bool:
        """The metric's own."""
        return self.metric.proxy

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """The row scores, computed once per list."""
        return self._once(self._rows, self.metric.rows, examples)

    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """What each row adds to the sums, computed once per list."""
        return self._once(self._statistics, self.metric.statistics, examples)

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """The metric's own."""
        return self.metric.from_sums(sums)

    def _once(
        self,
        known: dict[tuple[Hashable, ...], NDArray[np.float64]],
        compute: Callable[[Sequence[Example]], NDArray[np.float64]],
        examples: Sequence[Example],
    ) -> NDArray[np.float64]:
        key = tuple(_cell(example) for example in examples)
        if key not in known:
            with self._working(self.name, len(examples)):
                known[key] = compute(examples)
        return known[key]
