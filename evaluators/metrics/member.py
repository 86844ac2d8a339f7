"""A metric of one member of answers that have several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from evaluators.base import (
    CountedMetric,
    Direction,
    Metric,
    Signature,
    SummedMetric,
    is_corpus_metric,
    is_counted_metric,
    is_joint,
    is_summed_metric,
)
from evaluators.errors import EvaluationError
from evaluators.metrics.counted import Counted
from evaluators.metrics.summed import Summed
from evaluators.text.structured import member

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.counted import Value

AnyMetric = TypeVar("AnyMetric", bound=Metric)


def of_member(metric: Metric, name: str) -> Metric:
    """Return the metric of the member ``name`` of each answer, a JSON object.

    An answer without it is the empty text. A reference that is such an object stands for its
    member, any other for itself. Raises EvaluationError for a corpus metric that has neither
    statistics nor counts.
    """
    if is_summed_metric(metric):
        return _SumsOfMember(metric, name)
    if is_counted_metric(metric):
        return _CountsOfMember(metric, name)
    if is_corpus_metric(metric):
        raise EvaluationError(f"{metric.name} cannot score a member of answers")
    return _RowsOfMember(metric, name)


class _OfMember(Generic[AnyMetric]):
    """What all three share: the metric's own traits, and the rows that it is shown."""

    def __init__(self, metric: AnyMetric, member_name: str) -> None:
        self.metric = metric
        self.member = member_name
        self.name = f"{member_name}.{metric.name}"
        self.direction: Direction = metric.direction
        self.joint = is_joint(metric)
        self._last: tuple[Sequence[Example], list[Example]] | None = None

    @property
    def signature(self) -> Signature:
        """The metric's own, and which member it sees."""
        own = self.metric.signature
        return replace(own, options=(*own.options, ("of", self.member)))

    @property
    def proxy(self) -> str | None:
        """The metric's own."""
        return self.metric.proxy

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the metric's row scores of the members."""
        return self.metric.rows(self.members(examples))

    def members(self, examples: Sequence[Example]) -> list[Example]:
        """Return the examples as the metric sees them."""
        # A cached metric knows what it scored by the list that it was given.
        if self._last is None or self._last[0] is not examples:
            self._last = (examples, [self._seen(row) for row in examples])
        return self._last[1]

    def _seen(self, row: Example) -> Example:
        golds = [member(text, self.member) for text in row.references]
        pairs = zip(golds, row.references, strict=True)
        references = tuple(text if gold is None else gold for gold, text in pairs)
        return replace(row, answer=member(row.answer, self.member) or "", references=references)


class _RowsOfMember(_OfMember[Metric]):
    def aggregate(self, rows: NDArray[np.float64]) -> float:
        return self.metric.aggregate(rows)


class _SumsOfMember(_OfMember[SummedMetric], Summed):
    def statistics(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        return self.metric.statistics(self.members(examples))

    def from_sums(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.metric.from_sums(sums)


class _CountsOfMember(_OfMember[CountedMetric], Counted):
    def of_counts(self, examples: Sequence[Example]) -> Value:
        return self.metric.of_counts(self.members(examples))
