"""A template with the answers filled in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluators.encoders.base import Encoder
from submission.competitions.declared import INDEX
from submission.competitions.format import SubmissionFormat, Vectors
from submission.errors import InputError, few
from submission.records.fields import WORDS, Fields, cell, take_apart
from submission.records.rows import Prediction
from submission.records.sheet import Sheet, put
from submission.tables import csv_lines, json_lines, jsonl_lines
from submission.tables.write import Cell


def filled(
    submission: SubmissionFormat,
    template: Sheet,
    answers: Sequence[Prediction],
    encoder: Callable[[], Encoder],
    out: Path,
) -> Iterator[bytes]:
    """The submission's bytes: the template's rows with their ``answers``, in its order.

    ``encoder`` is asked for only where vectors of the text belong to the file. Raises
    :class:`InputError` where answers are not of the kind that is declared.
    """
    if submission.format == "csv":
        return _csv(submission, template, answers, encoder, out)
    return _json(submission, template, answers, out)


def _csv(
    submission: SubmissionFormat,
    template: Sheet,
    answers: Sequence[Prediction],
    encoder: Callable[[], Encoder],
    out: Path,
) -> Iterator[bytes]:
    columns: dict[str, Iterable[Cell]] = {
        name: template.table.column(name) for name in [submission.id, *submission.copied]
    }
    fields = submission.fields
    for name, values in zip(fields, _values(fields, answers), strict=True):
        columns[fields[name].column] = _cells(fields, name, values, answers)
    if submission.vectors is not None:
        given = [answer.vector for answer in answers if answer.vector is not None]
        vectors = given or encoder().encode([answer.answer for answer in answers])
        columns |= _vector_columns(submission.vectors, np.asarray(vectors))
    rows = zip(*(columns[name] for name in submission.header), strict=True)
    return csv_lines(
        out,
        submission.header,
        rows,
        bom=submission.bom,
        unnamed_index=INDEX in submission.columns,
    )


def _vector_columns(vectors: Vectors, matrix: NDArray[np.float32]) -> dict[str, Iterable[Cell]]:
    if matrix.shape[1] != vectors.dimension:
        raise InputError(
            f"The vectors have {matrix.shape[1]} dimensions, and the submission's have "
            f"{vectors.dimension}: give the right encoder with --encoder."
        )
    return dict(zip(vectors.columns, matrix.T, strict=True))


def _json(
    submission: SubmissionFormat, template: Sheet, answers: Sequence[Prediction], out: Path
) -> Iterator[bytes]:
    fields = submission.fields
    items = [dict(item) for item in template.items]
    for name, values in zip(fields, _values(fields, answers), strict=True):
        _require_all(fields, name, values, answers)
        path = fields[name].column
        items = [put(item, path, value) for item, value in zip(items, values, strict=True)]
    return (json_lines if submission.format == "json" else jsonl_lines)(out, items)


def _values(fields: Fields, answers: Sequence[Prediction]) -> list[tuple[object | None, ...]]:
    """The values of each field, one per answer."""
    if not fields:
        return []
    return list(zip(*(take_apart(fields, each.answer) for each in answers), strict=True))


def _cells(
    fields: Fields, name: str, values: Sequence[object | None], answers: Sequence[Prediction]
) -> list[str]:
    _require_all(fields, name, values, answers)
    field = fields[name]
    cells = [cell(field, value) for value in values]
    for answer, text in zip(answers, cells, strict=True):
        if text is None:
            raise InputError(
                f"The answer to '{answer.id}' cannot be written into the column '{field.column}' "
                f"so that it is read back: {answer.answer[:60]!r}. An item is empty, has outer "
                f"spaces or holds the separator {field.separator!r}."
            )
    return [text for text in cells if text is not None]


def _require_all(
    fields: Fields, name: str, values: Sequence[object | None], answers: Sequence[Prediction]
) -> None:
    bad = [answer for answer, value in zip(answers, values, strict=True) if value is None]
    if bad:
        raise InputError(
            f"{len(bad)} of {len(answers)} answers have nothing for the column "
            f"'{fields[name].column}', which takes {WORDS[fields[name].kind]}: first the one to "
            f"'{bad[0].id}', {bad[0].answer[:60]!r}. {_expected(fields, name)}"
        )


def _expected(fields: Fields, name: str) -> str:
    if name:
        return f"An answer is a JSON object with the members {few(map(repr, fields))}."
    separator = fields[name].separator
    between = "" if separator is None else f", or texts with {separator!r} between them"
    shapes = {
        "list": f"An answer is a JSON array of texts{between}.",
        "probabilities": "An answer is a JSON object of a number per label.",
        "json": "An answer is JSON.",
    }
    return shapes.get(fields[name].kind, "An answer is a number and nothing else.")
