"""Two subjects row by row, the worst regressions first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from evaluators.base import Direction
from evaluators.scoring import value_of
from submission.errors import InputError
from submission.records.rows import Reference
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject

Only = Literal["changed", "worse", "better", "all"]


@dataclass(frozen=True, slots=True)
class Side:
    """One subject's answer to a row, and its score; None where it has none."""

    answer: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """A row of both subjects.

    ``difference`` is the second score less the first, None where a score is missing. ``gain`` is
    the same, negative where the second is worse. ``distance`` of the texts is in 0..1.
    """

    id: str
    category: str
    question: str
    references: tuple[str, ...]
    first: Side
    second: Side
    difference: float | None
    gain: float | None
    distance: float

    def is_one_of(self, only: Only) -> bool:
        """Whether the row is among those asked for."""
        if only == "worse":
            return self.gain is not None and self.gain < 0
        if only == "better":
            return self.gain is not None and self.gain > 0
        return only == "all" or self.changed

    @property
    def changed(self) -> bool:
        """Whether text or score differ."""
        return self.first != self.second


@dataclass(frozen=True)
class Scale:
    """What rows are scored by, and both subjects' scores; the scores of one metric are on it."""

    metric: str
    signature: str
    direction: Direction
    first: float
    second: float
    proxy: str | None


@dataclass(frozen=True)
class Diff:
    """All rows of two subjects: the worst regression first, or without a scale by distance."""

    first: str
    second: str
    rows: Sequence[Row]
    scale: Scale | None = None

    def listed(self, only: Only, limit: int | None = None) -> list[Row]:
        """The rows asked for, in order."""
        return [row for row in self.rows if row.is_one_of(only)][:limit]

    def count(self, only: Only) -> int:
        """How many rows there are of a kind."""
        return sum(row.is_one_of(only) for row in self.rows)

    @property
    def unscored(self) -> int:
        """Rows that have no difference although there is a metric."""
        return sum(row.gain is None for row in self.rows) if self.scale else 0


def diff_scores(
    scorer: Scorer,
    metric: str | None,
    first: Subject,
    second: Subject,
    references: Sequence[Reference],
    questions: Mapping[str, str],
) -> Diff:
    """Both subjects' rows by the competition's formula, or by ``metric`` instead.

    Raises :class:`InputError` for a subject that does not fit the references, ``EvaluationError``
    for a metric that cannot be had.
    """
    subjects = (first, second)
    examples = [scorer.examples(each.predictions, references, each.name) for each in subjects]
    measure = scorer.metric_of(metric)
    factor = scorer.scale if metric is None else 1.0
    scores = [measure.rows(each) * factor for each in examples]
    direction = scorer.declared.direction if metric is None else measure.direction
    sign = -1.0 if direction == "lower" else 1.0
    rows = []
    for place, reference in enumerate(references):
        old, new = (
            Side(each[place].answer, None if np.isnan(score[place]) else float(score[place]))
            for each, score in zip(examples, scores, strict=True)
        )
        rows.append(_row(reference, questions.get(reference.id, ""), old, new, sign))
    rows.sort(key=lambda row: (row.gain is None, row.gain or 0.0, -row.distance))
    values = [value_of(measure, each) * factor for each in examples]
    scale = Scale(
        metric=scorer.declared.name if metric is None else metric,
        signature=str(measure.signature),
        direction=direction,
        first=values[0],
        second=values[1],
        proxy=scorer.proxy,
    )
    return Diff(first.name, second.name, rows, scale)


def diff_texts(first: Subject, second: Subject, questions: Mapping[str, str]) -> Diff:
    """Both subjects' rows by how far the texts are apart.

    Raises :class:`InputError` where they do not answer the same rows, or hold vectors.
    """
    for subject in (first, second):
        if any(each.vector is not None for each in subject.predictions):
            raise InputError(
                f"{subject.name} holds vectors, whose texts cannot be compared: give --references."
            )
    one, two = ({each.id: each.answer for each in s.predictions} for s in (first, second))
    for here, there, name in ((one, two, second.name), (two, one, first.name)):
        missing = [row_id for row_id in here if row_id not in there]
        if missing:
            raise InputError(
                f"{name} has no answer for {len(missing)} row(s) that the other one has, such as "
                f"'{missing[0]}'."
            )
    rows = [
        _row(Reference(row_id, (), ""), questions.get(row_id, ""), Side(one[row_id]),
             Side(two[row_id]), 1.0)
        for row_id in one
    ]  # fmt: skip
    rows.sort(key=lambda row: -row.distance)
    return Diff(first.name, second.name, rows)


def _row(reference: Reference, question: str, first: Side, second: Side, sign: float) -> Row:
    from rapidfuzz.distance import Indel

    difference = gain = None
    if first.score is not None and second.score is not None:
        difference = second.score - first.score
        gain = sign * difference
    return Row(
        id=reference.id,
        category=reference.category,
        question=question or reference.meta.get("question", ""),
        references=reference.answers,
        first=first,
        second=second,
        difference=difference,
        gain=gain,
        distance=Indel.normalized_distance(first.answer, second.answer),
    )
