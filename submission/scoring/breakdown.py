"""Scores of some of the rows: of a part that not every row has, and by category."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evaluators import (
    EvaluationError,
    Example,
    Metric,
    Score,
    Totals,
    bootstrap_interval,
    corpus_interval,
    score_examples,
)
from evaluators.base import is_corpus_metric, is_summed_metric
from submission.errors import InputError, nearest


@dataclass(frozen=True)
class Slice:
    """The rows that share a value, and what they score.

    ``scores`` has an entry for each metric, None where none of the rows counts in it.
    """

    value: str
    rows: int
    scores: Sequence[Score | None]


def of_rows(metric: Metric, rows: NDArray[np.float64]) -> Score | None:
    """The score of row scores already computed, NaN left out; None where nothing is left."""
    scored: NDArray[np.float64] = rows[~np.isnan(rows)]
    if not len(scored):
        return None
    low, high = bootstrap_interval(scored)
    return Score(
        metric=metric.name,
        value=metric.aggregate(scored),
        low=low,
        high=high,
        n=len(scored),
        direction=metric.direction,
        signature=str(metric.signature),
        proxy=metric.proxy,
        rows=rows,
        unscored=len(rows) - len(scored),
    )


def values_of(examples: Sequence[Example], column: str) -> list[str]:
    """Every row's value in ``column``: a column of the references, or the end of a dotted name.

    Raises :class:`InputError` where there is none.
    """
    meta = examples[0].meta if examples else {}
    name = column
    if column not in meta:
        ends = [each for each in meta if each.rpartition(".")[2] == column]
        if len(ends) != 1:
            known = nearest(sorted(meta), column) or "none"
            raise InputError(
                f"--by {column}: the references have no such column; they have {known}."
            )
        name = ends[0]
    values = [example.meta.get(name, "") for example in examples]
    if not any(values):
        raise InputError(f"--by {column}: that column of the references is empty.")
    return values


def slices(
    metrics: Sequence[tuple[Metric, Score, float]], examples: Sequence[Example], column: str
) -> list[Slice]:
    """Every metric on the rows of each value of ``column``, values in alphabetical order.

    A metric comes with its score over all rows, whose row scores are used again, and the factor
    that these are shown with.
    """
    values = values_of(examples, column)
    return slices_of(metrics, examples, values, sorted(set(values)))


def slices_of(
    metrics: Sequence[tuple[Metric, Score, float]],
    examples: Sequence[Example],
    values: Sequence[str],
    groups: Sequence[str],
) -> list[Slice]:
    """The same for every row's value as given, in the order of ``groups``."""
    parts = [_Part(*each, examples) for each in metrics]
    places: dict[str, list[int]] = {value: [] for value in groups}
    for place, value in enumerate(values):
        if value in places:
            places[value].append(place)
    return [
        Slice(value, len(own), [part.of(np.array(own, np.intp)) for part in parts])
        for value, own in places.items()
    ]


class _Part:
    """One metric, asked for subsets of the rows."""

    def __init__(
        self, metric: Metric, whole: Score, factor: float, examples: Sequence[Example]
    ) -> None:
        self._metric = metric
        self._whole = whole
        self._factor = factor
        self._examples = examples
        self._table = metric.statistics(examples) if is_summed_metric(metric) else None

    def of(self, places: NDArray[np.intp]) -> Score | None:
        """The score of the rows at ``places``; None where not one of them counts."""
        metric, whole = self._metric, self._whole
        rows = whole.rows[places]
        if is_summed_metric(metric) and self._table is not None:
            totals = Totals(self._table[places], metric.from_sums)
            value, (low, high) = totals.score, corpus_interval(totals)
        elif is_corpus_metric(metric):
            try:
                found = score_examples(metric, [self._examples[place] for place in places])
            except EvaluationError:
                return None  # some metrics say nothing about rows of one class
            value, low, high = found.value, found.low, found.high
        else:
            found_rows = of_rows(metric, rows / self._factor)
            if found_rows is None:
                return None
            value, low, high = found_rows.value, found_rows.low, found_rows.high
        if np.isnan(value):
            return None
        counted = int((~np.isnan(rows)).sum())
        return replace(
            whole,
            value=value * self._factor,
            low=low * self._factor,
            high=high * self._factor,
            n=counted,
            rows=rows,
            unscored=len(rows) - counted,
        )
