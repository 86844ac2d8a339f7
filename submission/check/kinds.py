"""Answers that are more than a text: labels, numbers, lists and probabilities."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from submission.check.findings import Finding, Severity
from submission.competitions.answer import AnswerField
from submission.competitions.format import SubmissionFormat
from submission.errors import few
from submission.records.fields import WORDS, parse
from submission.tables import Table

SUM_TOLERANCE = 1e-3
"""How far the sum of a row's probabilities may be from 1: they are written rounded."""


class _Fault(NamedTuple):
    code: str
    words: str
    severity: Severity = Severity.ERROR


def check_kinds(submission: SubmissionFormat, table: Table) -> Iterator[Finding]:
    """Findings on every answer column that holds more than texts; empty cells are left out."""
    by_label = submission.kind == "probabilities" and bool(submission.answers)
    columns: dict[str, list[Any]] = {}
    for field in submission.fields.values():
        if field.kind in {"text", "json"} or field.column not in table.columns:
            continue
        cells = table.column(field.column)
        values = [parse(field, text) if text.strip() else None for text in cells]
        faults = [
            _fault(field, value, share=by_label) if text.strip() else None
            for text, value in zip(cells, values, strict=True)
        ]
        yield from _findings(table, field.column, cells, faults)
        columns[field.column] = values
    if by_label and len(columns) == len(submission.fields):
        rows = list(zip(*columns.values(), strict=True))
        sums = [None if None in row else _sum(row) for row in rows]
        yield from _findings(table, None, list(map(_shown, rows)), sums)


def _findings(
    table: Table, column: str | None, cells: Sequence[str], faults: Sequence[_Fault | None]
) -> Iterator[Finding]:
    """One finding for each code, in the order of their first rows."""
    found: dict[str, tuple[_Fault, list[int]]] = {}
    for row, fault in enumerate(faults):
        if fault is not None:
            found.setdefault(fault.code, (fault, []))[1].append(row)
    where = "" if column is None else f" in column '{column}'"
    for fault, rows in found.values():
        yield Finding(
            fault.severity,
            fault.code,
            f"{len(rows)} answers{where} {fault.words}; first in row "
            f"{table.lines[rows[0]]}: {cells[rows[0]][:60]!r}.",
            row=table.lines[rows[0]],
            column=column,
            count=len(rows),
        )


def _fault(field: AnswerField, value: Any, *, share: bool) -> _Fault | None:
    if value is None:
        return _Fault("answer-type", f"are not {WORDS[field.kind]}")
    match field.kind:
        case "label":
            return _label(field, value)
        case "list":
            return _list(field, value)
        case "probabilities":
            return _probabilities(field, value)
        case _:
            return _share(value) if share else None


def _label(field: AnswerField, value: str) -> _Fault | None:
    if value in field.labels:
        return None
    return _Fault("label-unknown", f"are none of the labels ({few(field.labels)})")


def _list(field: AnswerField, value: Sequence[str]) -> _Fault | None:
    if len(set(value)) < len(value):
        return _Fault("list-repeats", "name an item twice")
    if field.labels and not set(value) <= set(field.labels):
        return _Fault("label-unknown", f"name items that are no labels ({few(field.labels)})")
    if field.length is not None and len(value) > field.length:
        return _Fault("list-length", f"have more than {field.length} items")
    if field.length is not None and len(value) < field.length:
        words = f"have fewer than {field.length} items"
        return _Fault("list-short", words, Severity.WARNING)
    return None


def _probabilities(field: AnswerField, value: Mapping[str, float]) -> _Fault | None:
    if field.labels and set(value) != set(field.labels):
        return _Fault("label-unknown", f"are not of exactly the labels {few(field.labels)}")
    return next(filter(None, map(_share, value.values())), None) or _sum(list(value.values()))


def _share(value: float) -> _Fault | None:
    return None if 0 <= value <= 1 else _Fault("probability", "are not between 0 and 1")


def _sum(values: Sequence[float]) -> _Fault | None:
    if abs(math.fsum(values) - 1) <= SUM_TOLERANCE:
        return None
    return _Fault("probability-sum", "are probabilities whose sum is not 1; divide by the sum")


def _shown(row: Sequence[float | None]) -> str:
    return ", ".join("" if value is None else f"{value:g}" for value in row)
