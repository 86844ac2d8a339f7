"""Metrics that score nothing twice."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from operator import is_
from typing import TypeVar

import numpy as np

from evaluators import Example, Metric
from evaluators.base import (
    SummedMetric,
    is_corpus_metric,
    is_joint,
    is_summed_metric,
)
from evaluators.metrics.rowwise import checked_rows, checked_statistics
from evaluators.metrics.summed import resampled
from submission.scoring.delegating import AnyMetric, Delegating, Rows

Progress = Callable[[str, int], AbstractContextManager[None]]
"""Called with a metric's name and a number of rows, around work that may be long."""

Compute = Callable[[Sequence[Example]], Rows]
Key = TypeVar("Key")
Value = TypeVar("Value")

LISTS_KEPT = 64
"""Lists of examples whose scores are kept: more systems than are compared at once."""


def quiet(name: str, rows: int) -> AbstractContextManager[None]:  # noqa: ARG001
    """Tell nobody."""
    return nullcontext()


def cached(metric: Metric, progress: Progress = quiet) -> Metric:
    """The metric, computing nothing twice; a corpus metric without statistics per row as it is."""
    if isinstance(metric, _Cached):
        return metric
    if is_summed_metric(metric):
        return CachedSums(metric, progress)
    return metric if is_corpus_metric(metric) else CachedRows(metric, progress)


class _Cached(Delegating[AnyMetric]):
    """In front of a metric, and telling of work that may be long."""

    def __init__(self, metric: AnyMetric, progress: Progress = quiet) -> None:
        super().__init__(metric)
        self._progress = progress

    def _rows_of(self, examples: Sequence[Example]) -> Rows:
        return checked_rows(self.metric, examples)

    def _computed(self, compute: Compute, examples: Sequence[Example]) -> Rows:
        with self._progress(self.name, len(examples)):
            return compute(examples)


class CachedRows(_Cached[Metric]):
    """A row metric in front of another one, which keeps the score of every cell it has seen.

    A formula, its parts, a breakdown, a paired test, and another run that answers a row alike all
    ask for the same cells; a model should see them once. A metric whose rows depend on each other
    (``joint``) is asked for whole lists, and those are kept.
    """

    def __init__(self, metric: Metric, progress: Progress = quiet) -> None:
        super().__init__(metric, progress)
        self._cells: dict[Hashable, float] = {}
        self._lists = _Lists(by_cells=is_joint(metric))
        self._compute = self._whole if is_joint(metric) else self._by_cell

    def rows(self, examples: Sequence[Example]) -> Rows:
        """The row scores, computed once per cell."""
        return self._lists.once(self._compute, examples)

    def _whole(self, examples: Sequence[Example]) -> Rows:
        return self._computed(self._rows_of, examples)

    def _by_cell(self, examples: Sequence[Example]) -> Rows:
        cells = [_cell(example) for example in examples]
        unknown = {
            cell: example
            for cell, example in zip(cells, examples, strict=True)
            if cell not in self._cells
        }
        if unknown or not examples:
            scores = self._computed(self._rows_of, list(unknown.values()))
            self._cells.update(zip(unknown, scores.tolist(), strict=True))
        return np.array([self._cells[cell] for cell in cells], dtype=np.float64)


class CachedSums(_Cached[SummedMetric]):
    """A corpus metric in front of another one, which keeps what it made of every list of rows.

    Of lists, because what a row adds to the sums may depend on the others, such as their labels.
    """

    def __init__(self, metric: SummedMetric, progress: Progress = quiet) -> None:
        super().__init__(metric, progress)
        self._rows, self._statistics = _Lists(by_cells=True), _Lists(by_cells=True)

    def rows(self, examples: Sequence[Example]) -> Rows:
        """The row scores, computed once per list."""
        return self._rows.once(lambda rows: self._computed(self._rows_of, rows), examples)

    def statistics(self, examples: Sequence[Example]) -> Rows:
        """What each row adds to the sums, computed once per list."""
        return self._statistics.once(
            lambda rows: self._computed(partial(checked_statistics, self.metric), rows), examples
        )

    def from_sums(self, sums: Rows) -> Rows:
        """The metric's own."""
        return self.metric.from_sums(sums)

    def resample(
        self, examples: Sequence[Example], *, resamples: int, seed: int
    ) -> tuple[float, Rows]:
        """The value and its bootstrap distribution, from the statistics that are kept."""
        return resampled(self, examples, resamples=resamples, seed=seed)


class _Latest(OrderedDict[Key, Value]):
    """The :data:`LISTS_KEPT` values that were put here last."""

    def put(self, key: Key, value: Value) -> None:
        """Make it the last one, and drop the first where there are too many."""
        self[key] = value
        self.move_to_end(key)
        if len(self) > LISTS_KEPT:
            self.popitem(last=False)


class _Lists:
    """What was made of the last lists of examples: by the list itself, or also by equal cells."""

    def __init__(self, *, by_cells: bool) -> None:
        self._by_list: _Latest[int, tuple[tuple[Example, ...], Rows]] = _Latest()
        self._by_cells: _Latest[tuple[Hashable, ...], Rows] | None = _Latest() if by_cells else None

    def once(self, compute: Compute, examples: Sequence[Example]) -> Rows:
        """What ``compute`` makes of the examples."""
        given, made = self._by_list.get(id(examples), ((), None))
        # The list may have been changed, or be another one in the same place.
        if made is None or len(given) != len(examples) or not all(map(is_, given, examples)):
            given, made = tuple(examples), self._made(compute, examples)
            made.setflags(write=False)
        self._by_list.put(id(examples), (given, made))
        return made

    def _made(self, compute: Compute, examples: Sequence[Example]) -> Rows:
        if self._by_cells is None:
            return compute(examples)
        key = tuple(_cell(example) for example in examples)
        made = self._by_cells.get(key)
        if made is None:
            made = compute(examples)
        self._by_cells.put(key, made)
        return made


def _cell(example: Example) -> Hashable:
    # An example's vector takes no part in its comparison.
    return example if example.vector is None else (example, example.vector.tobytes())
