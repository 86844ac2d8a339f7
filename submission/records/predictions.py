"""Answers made elsewhere, and submissions read back."""

from __future__ import annotations

from pathlib import Path

from submission.competitions.answer import AnswerField
from submission.competitions.declared import INDEX
from submission.competitions.profile import Profile
from submission.errors import InputError, few, locate
from submission.records.fields import WORDS, canonical, fits, from_cells, kind_of, put_together
from submission.records.read import id_column, row_ids
from submission.records.rows import Prediction
from submission.records.sheet import (
    Item,
    at,
    guessed_form,
    has,
    is_array_or_lines,
    json_table,
    nested_form,
)
from submission.records.vectors import read_vectors
from submission.tables import Form, Items, Table, read_items, read_table


def read_predictions(
    profile: Profile, path: Path, answer_column: str | None = None
) -> list[Prediction]:
    """Answers by id: of a submission, also one of vectors alone; or of another file.

    That has the id column and ``answer``, or ``answer_column``; or it is a JSON object of answers
    by id.

    Raises:
        InputError: columns are missing, ids are empty or repeated, or an answer in a JSON
            submission is not of the kind that is declared, such as a number for a text.
    """
    submission = profile.submission
    form = guessed_form(submission, path)
    if submission.format != "csv" and answer_column is None:
        items = _submitted_items(profile, path, form)
        if items is not None:
            return _from_items(profile, path, items)
    table = read_table(
        path,
        by_id=(profile.test.id, "answer"),
        form=form,
        unnamed_index=INDEX in submission.columns,
    )
    ids = row_ids(profile, table, id_column(profile, table))
    texts = _answers(profile, table, answer_column)
    if texts is not None:
        return [Prediction(row_id, text) for row_id, text in zip(ids, texts, strict=True)]
    vectors = submission.vectors
    if vectors is None or vectors.columns[0] not in table.columns:
        raise InputError(
            f"{path}: no column 'answer'"
            + (f" and no '{vectors.columns[0]}'" if vectors else "")
            + f". It has {few(table.columns)}. Name the right one with --answer-column."
        )
    matrix = read_vectors(table, vectors)
    return [Prediction(row_id, "", matrix[index]) for index, row_id in enumerate(ids)]


def _submitted_items(profile: Profile, path: Path, form: Form | None) -> Items | None:
    """The objects of a file that is a JSON submission; None for any other file of answers."""
    if not is_array_or_lines(path, form):
        return None
    items = read_items(path, form=form)
    first = items.values[0] if items.values else {}
    columns = [field.column for field in profile.submission.fields.values()]
    own = len(columns) == 1 and columns != ["answer"] and "answer" in first
    if own or not all(has(first, name) for name in columns):
        dotted = next((name for name in columns if "." in name and name in first), None)
        if dotted is None:
            return None
        raise InputError(
            f"{locate(path, 1)}: a member is called '{dotted}', dot included, where one within "
            f"another is meant. {nested_form(dotted)}"
        )
    return items


def _from_items(profile: Profile, path: Path, items: Items) -> list[Prediction]:
    fields = profile.submission.fields
    table = json_table(path, items, [profile.test.id, profile.submission.id, "id"])
    ids = row_ids(profile, table, id_column(profile, table))
    predictions = []
    for number, (row_id, item) in enumerate(zip(ids, items.values, strict=True), start=1):
        for field in fields.values():
            if problem := _problem(field, item):
                raise InputError(f"{locate(path, number, field.column)}: {problem}")
        values = [at(item, field.column) for field in fields.values()]
        predictions.append(Prediction(row_id, put_together(fields, values)))
    return predictions


def _problem(field: AnswerField, item: Item) -> str | None:
    value = at(item, field.column)
    if fits(field, value):
        return None
    if not has(item, field.column):
        return "is missing; every answer needs it."
    return (
        f"is {kind_of(value)}, not {WORDS[field.kind]}, and the organizer's scorer may stop there. "
        "Write the answer as it is declared."
    )


def _answers(profile: Profile, table: Table, answer_column: str | None) -> list[str] | None:
    """The answers of a table; None where it has no column for them."""
    fields = profile.submission.fields
    columns = [field.column for field in fields.values()]
    complete = bool(columns) and {*columns} <= {*table.columns}
    if answer_column is None and "answer" in table.columns and not (complete and len(columns) > 1):
        answer_column = "answer"
    if answer_column is not None:
        return [canonical(fields, text) for text in table.column(answer_column)]
    if not complete:
        return None
    cells = zip(*map(table.column, columns), strict=True)
    return [from_cells(fields, row) for row in cells]
