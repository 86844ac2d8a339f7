"""Predictions and references that belong to no competition."""

from __future__ import annotations

from submission.competitions.profile import (
    Competition,
    Formula,
    Profile,
    SubmissionFormat,
    Term,
    TestColumns,
)


def plain_competition(metric: str, id_column: str = "id") -> Competition:
    """Rows paired by id, scored by one metric; answers stand in ``answer`` or ``output.answer``."""
    return Competition(
        profile=Profile(
            name="no competition",
            title="no competition",
            test=TestColumns(id=id_column, question="question", columns=[id_column, "question"]),
            submission=SubmissionFormat(id=id_column, answer="output.answer"),
            score=Formula(name=metric, terms=[Term(metric=metric)], references="mean"),
        ),
        folder="",
    )
