"""Predictions and references brought together, as the organizer's scorer does."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from evaluators import Example
from submission.competitions.formula import Formula
from submission.errors import InputError, few
from submission.records.rows import Prediction, Reference

_LOG = logging.getLogger(__name__)


def pair(
    formula: Formula,
    predictions: Sequence[Prediction],
    references: Sequence[Reference],
    subject: str,
) -> list[Example]:
    """Examples in the references' order.

    Raises :class:`InputError` where an id of either side lacks its other half (unless missing
    answers count as empty ones or are skipped), or where rows are paired by position and an id is
    not the reference's.
    """
    if formula.pairing == "position":
        _require_order(predictions, references, subject)
    by_id = {prediction.id: prediction for prediction in predictions}
    missing = [reference.id for reference in references if reference.id not in by_id]
    skipped = set(missing) if formula.missing == "skip" else set()
    if skipped:
        _LOG.warning(
            "%s: %d of %d rows have no answer and are skipped, as the organizer's scorer does",
            subject,
            len(skipped),
            len(references),
        )
    if formula.missing != "error":
        by_id |= {row_id: Prediction(row_id, "") for row_id in missing}
        missing = []
    known = {reference.id for reference in references}
    extra = [row_id for row_id in by_id if row_id not in known]
    if missing or extra:
        sides = [("no answer for", missing), ("no reference for", extra)]
        listed = "; ".join(f"{what} {len(ids)} id(s): {few(ids)}" for what, ids in sides if ids)
        raise InputError(f"{subject} does not fit the references: {listed}.")
    return [
        _example(by_id[reference.id], reference, answered=reference.id not in skipped)
        for reference in references
    ]


def _example(given: Prediction, wanted: Reference, *, answered: bool) -> Example:
    meta = wanted.meta
    if meta.get("category") != wanted.category:
        meta = {**meta, "category": wanted.category}
    return Example(wanted.id, given.answer, wanted.answers, given.vector, meta, answered)


def _require_order(
    predictions: Sequence[Prediction], references: Sequence[Reference], subject: str
) -> None:
    if len(predictions) != len(references):
        raise InputError(
            f"{subject} has {len(predictions)} answers and there are {len(references)} references: "
            "this competition pairs them by position."
        )
    for place, (given, wanted) in enumerate(zip(predictions, references, strict=True), start=1):
        if given.id != wanted.id:
            raise InputError(
                f"{subject}, answer {place}: its id is '{given.id}' where the references have "
                f"'{wanted.id}'. This competition pairs rows by position: keep the order."
            )
