"""Scores that are put together from different metrics of different rows."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

from evaluators.base import Signature, is_corpus_metric, joined
from evaluators.errors import EvaluationError
from evaluators.metrics.rowwise import checked_rows
from evaluators.metrics.summed import Summed
from evaluators.metrics.weighted import Weighted
from evaluators.text.listed import few

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Direction, Example, Metric

_LOG: Final = logging.getLogger(__name__)

Missing = Literal["skip", "zero"]


@dataclass(frozen=True)
class Group:
    """Some of the rows and what they are scored by.

    ``pick`` returns the example as the metric should see it, or None where the row is not of the
    group. ``build`` makes the metric, and is called only if some row is: a model that nothing is
    asked of is not loaded.
    """

    name: str
    build: Callable[[], Metric] = field(repr=False)
    pick: Callable[[Example], Example | None] = field(repr=False)
    weight: float = 1.0

    @cached_property
    def metric(self) -> Metric:
        """The row metric. Raises EvaluationError for a corpus metric."""
        metric = self.build()
        if is_corpus_metric(metric):
            raise EvaluationError(f"{metric.name} has no row scores for the group {self.name}")
        return metric


class Part(NamedTuple):
    """What one part of a score gave its rows; NaN is a row that is not of the part."""

    name: str
    rows: NDArray[np.float64]
    metric: Metric


class _Picked(NamedTuple):
    places: NDArray[np.intp]
    examples: list[Example]


class Grouped(Summed):
    """The weighted mean over groups of the mean over each group's rows.

    Groups may share rows. Of a group without rows, ``missing`` says whether its weight is left out
    (``skip``) or it scores ``zero``. A row's own score is the weighted mean over the groups it is
    in, NaN if it is in none; the score is not their mean, so it is resampled by group. Rows in no
    group are warned of, once, with what ``kind`` says of them. ``direction`` is that of the groups'
    metrics.
    """

    def __init__(
        self,
        groups: Sequence[Group],
        name: str,
        missing: Missing = "skip",
        *,
        kind: Callable[[Example], str] | None = None,
        direction: Direction = "higher",
    ) -> None:
        if not groups:
            raise EvaluationError(f"{name} has no groups to average")
        if any(group.weight <= 0 for group in groups):
            raise EvaluationError(f"{name}: the weight of a group must be above 0")
        self.name = name
        self.direction = direction
        self.groups = tuple(groups)
        self._missing = missing
        self._weights = np.array([group.weight for group in groups], dtype=np.float64)
        self._kind = kind
        self._warned: set[str] = set()
        self._last: tuple[Sequence[Example], list[_Picked]] | None = None

    @property
    def proxy(self) -> str | None:
        """Whether the metric of a group in use is one."""
        return joined(group.metric.proxy for group in self._used())

    @property
    def signature(self) -> Signature:
        """Lists the groups with weight and metric; of those without rows, that they had none."""
        used = self._used()
        listed = "+".join(
            f"{group.weight:g}*{group.name}({_inner(group.metric) if group in used else 'no rows'})"
            for group in self.groups
        )
        base = Signature.of(self.name)
        options = (("missing", self._missing), ("groups", listed))
        return Signature(base.name, base.version, options)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores."""
        table = self.statistics(examples)
        sums, counts = table[:, 0::2], table[:, 1::2]
        weights = counts @ self._weights
        nothing = np.full(len(table), np.nan)
        found: NDArray[np.float64] = np.divide(
            sums @ self._weights, weights, out=nothing, where=weights > 0
        )
        return found

    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return for every group a row's score and whether it is of the group."""
        table = np.zeros((len(examples), 2 * len(self.groups)))
        for place, (group, picked) in enumerate(
            zip(self.groups, self._pick(examples), strict=True)
        ):
            if picked.examples:
                scores = checked_rows(group.metric, picked.examples)
                scored = ~np.isnan(scores)
                table[picked.places[scored], 2 * place] = scores[scored]
                table[picked.places[scored], 2 * place + 1] = 1.0
        return table

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the scores of samples; NaN for one without a row of any group."""
        totals, counts = sums[:, 0::2], sums[:, 1::2]
        means = np.divide(totals, counts, out=np.zeros_like(totals), where=counts > 0)
        weights = np.where(counts > 0, self._weights, 0.0).sum(axis=1)
        if self._missing == "zero":
            weights = np.where(weights > 0, self._weights.sum(), 0.0)
        nothing = np.full(len(sums), np.nan)
        found: NDArray[np.float64] = np.divide(
            means @ self._weights, weights, out=nothing, where=weights > 0
        )
        return found

    def parts(self, examples: Sequence[Example]) -> list[Part]:
        """Return what every group gave, and each metric within a group that adds up several."""
        found = []
        for group, picked in zip(self.groups, self._pick(examples), strict=True):
            if not picked.examples:
                continue
            metrics = [(group.name, group.metric)]
            if isinstance(group.metric, Weighted):
                terms = group.metric.terms
                metrics += [(f"{group.name}.{term.name}", term) for _, term in terms]
            for name, metric in metrics:
                rows = np.full(len(examples), np.nan)
                rows[picked.places] = metric.rows(picked.examples)
                found.append(Part(name, rows, metric))
        return found

    def _pick(self, examples: Sequence[Example]) -> list[_Picked]:
        # A cached metric knows what it scored by the list that it was given.
        if self._last is not None and self._last[0] is examples:
            return self._last[1]
        picked = []
        for group in self.groups:
            pairs = [(place, group.pick(row)) for place, row in enumerate(examples)]
            kept = [(place, row) for place, row in pairs if row is not None]
            places = np.array([place for place, _ in kept], dtype=np.intp)
            picked.append(_Picked(places, [row for _, row in kept]))
        if not any(each.examples for each in picked):
            raise EvaluationError(
                f"{self.name}: no row belongs to {few(group.name for group in self.groups)}"
            )
        self._warn_of_others(examples, picked)
        self._last = (examples, picked)
        return picked

    def _warn_of_others(self, examples: Sequence[Example], picked: Sequence[_Picked]) -> None:
        within = {place for each in picked for place in each.places.tolist()}
        others = [row for place, row in enumerate(examples) if place not in within]
        if not others:
            return
        kinds = Counter(self._kind(row) or "(empty)" for row in others) if self._kind else {}
        listed = few(f"'{kind}' {count}" for kind, count in sorted(kinds.items()))
        message = (
            f"{self.name}: {len(others)} of {len(examples)} rows belong to none of "
            f"{few(group.name for group in self.groups)} and are not scored"
            f"{': ' if listed else ''}{listed}"
        )
        if message not in self._warned:
            self._warned.add(message)
            _LOG.warning("%s", message)

    def _used(self) -> list[Group]:
        if self._last is None:
            return []
        pairs = zip(self.groups, self._last[1], strict=True)
        return [group for group, picked in pairs if picked.examples]


def _inner(metric: Metric) -> str:
    signature = metric.signature
    return ",".join([signature.name, *(f"{key}:{value}" for key, value in signature.options)])
