"""FSKU 2025: half for the multiple-choice questions, half for the open ones.

A question with options in its cell, or whose reference is a bare number, is a multiple-choice one.
"""

from __future__ import annotations

from collections.abc import Callable

from evaluators import EvaluationError, Example, Metric, Weighted
from evaluators.metrics.grouped import Group, Grouped


def is_choice(row: Example) -> bool:
    """Whether one of several options is asked for."""
    return bool(row.meta.get("options")) or row.references[0].strip().isdecimal()


def open_question(row: Example) -> Example | None:
    """The row if it is an open question. Raises ``EvaluationError`` where it has no keywords."""
    if is_choice(row):
        return None
    if not row.meta.get("keywords", "").strip():
        raise EvaluationError(
            f"row {row.id!r} is an open question without keywords, which decide 0.4 of its score: "
            "give the references a column 'keywords' (first|second|third), or, if it is a "
            "multiple-choice question, 'Question' or 'options' with its options"
        )
    return row


def formula(part: Callable[[str], Metric]) -> Metric:
    """0.5 accuracy + 0.5 (0.6 cosine + 0.4 keyword recall); of one kind only, that kind's score."""

    def opened() -> Metric:
        return Weighted([(0.6, part("cosine")), (0.4, part("keyword-recall"))], name="open")

    return Grouped(
        [
            Group(
                "choice",
                lambda: part("accuracy:extract=choice"),
                lambda row: row if is_choice(row) else None,
                weight=0.5,
            ),
            Group("open", opened, open_question, weight=0.5),
        ],
        name="0.5 choice + 0.5 open",
    )
