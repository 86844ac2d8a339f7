"""A competition's files as rows."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluators.text.options import listed_options
from submission.competitions.columns import TestColumns, TrainColumns
from submission.competitions.profile import Profile
from submission.errors import InputError, nearest
from submission.prompts.template import render
from submission.records.fields import from_cells
from submission.records.rows import Labelled, Question, Reference, TrainingRow
from submission.records.sheet import guessed_form
from submission.tables import Table, read_table

QUESTION_NAMES = ("row", "options", "labels")
"""What a template that makes a question is given."""


def read_questions(profile: Profile, path: Path) -> list[Question]:
    """The test file's rows.

    Raises :class:`InputError` for missing columns, empty or repeated ids, empty questions.
    """
    columns = profile.test
    table = read_table(path, unnamed_index=columns.unnamed_index)
    needed = [columns.question, columns.context, *columns.nfc]
    if columns.template is not None:
        needed = list(columns.columns)
    table.require([name for name in needed if name])
    ids = row_ids(profile, table)
    questions = []
    for index, (row_id, record) in enumerate(zip(ids, table.records, strict=True)):
        values = _composed(record.values, columns.nfc) if columns.nfc else record.values
        given = _labelled(columns, values, table, index)
        if columns.question is not None:
            text = values[columns.question]
        else:
            text = question_text(columns.template or "", values, given, table.where(index))
        if not text.strip():
            where = table.where(index, columns.question)
            raise InputError(f"{where}: the question is empty. Fill it in, or remove the row.")
        context = values[columns.context] if columns.context else ""
        questions.append(
            Question(row_id, text, context, values, options=given.options, labels=given.labels)
        )
    return questions


def row_ids(profile: Profile, table: Table, column: str | None = None) -> list[str]:
    """The rows' ids in ``column``; 1, 2, 3, … where the competition's files have none.

    Raises :class:`InputError` for a missing id column, empty or repeated ids.
    """
    column = column or profile.test.id
    if profile.test.numbered and column not in table.columns:
        return [str(number) for number in range(1, len(table) + 1)]
    return table.ids(column)


def id_column(profile: Profile, table: Table) -> str:
    """The id column of predictions or references: the test file's, else the submission's, else
    ``id``, which is what `leaderkit export` writes.
    """
    names = (profile.test.id, profile.submission.id, "id")
    return next((name for name in names if name in table.columns), profile.test.id)


def _composed(values: Mapping[str, str], columns: Sequence[str]) -> Mapping[str, str]:
    texts = {name: values[name] for name in columns}
    # A cell stays of the kind that it is.
    composed = {
        name: type(text)(unicodedata.normalize("NFC", text)) for name, text in texts.items()
    }
    return {**values, **composed}


def _labelled(
    columns: TestColumns, values: Mapping[str, str], table: Table, index: int
) -> Labelled:
    """A row's options; rows may have fewer than there are columns, or none."""
    texts = [values[name] for name in columns.options]
    while texts and not texts[-1].strip():
        texts.pop()
    for name, text in zip(columns.options, texts, strict=False):
        if not text.strip():
            where = table.where(index)
            raise InputError(f"{where}: option {name!r} is empty, and a later one is not.")
    return Labelled(options=tuple(texts), labels=columns.option_labels[: len(texts)])


def question_text(template: str, row: Mapping[str, str], given: Labelled, where: str = "") -> str:
    """The question that a profile's template makes of a row.

    Raises :class:`InputError`, with the place of the row, as :func:`render` does.
    """
    try:
        return render(template, row, options=given.labelled, labels=given.labels)
    except InputError as error:
        raise InputError(f"{where}: {error}" if where else str(error)) from None


def read_training(profile: Profile, path: Path) -> list[TrainingRow]:
    """The training file's rows; empty answer cells are left out.

    Raises :class:`InputError` where the competition declares no training file, a column is
    missing, or a row has no question or no answer at all.
    """
    columns = profile.train
    if columns is None:
        raise InputError(f"Competition '{profile.name}' declares no [train] columns.")
    return training_rows(profile, columns, read_table(path, unnamed_index=columns.unnamed_index))


def training_rows(profile: Profile, columns: TrainColumns, table: Table) -> list[TrainingRow]:
    """The rows of a training file that is read, as :func:`read_training` makes them of it."""
    present = [name for name in columns.answers if name in table.columns]
    table.require(
        [
            *columns.questions,
            *(present or columns.answers[:1]),
            *([columns.category] if columns.category else []),
            *([columns.context] if columns.context else []),
            *profile.test.options,
        ]
    )
    ids = row_ids(profile, table, columns.id)
    rows = []
    for index, record in enumerate(table.records):
        values = record.values
        shown = _labelled(profile.test, values, table, index)
        asked = [values[name] for name in columns.questions]
        if columns.template is not None:
            asked = [question_text(columns.template, values, shown, table.where(index))]
        questions = tuple(text for text in asked if text.strip())
        given = answers_by_column(columns, values)
        answers = tuple(text for texts in given.values() for text in texts)
        if not questions:
            where = table.where(index, columns.questions[0] if columns.questions else None)
            raise InputError(f"{where}: the row has no question.")
        if not answers:
            raise InputError(f"{table.where(index, present[0])}: the row has no answer.")
        rows.append(
            TrainingRow(
                id=ids[index],
                questions=questions,
                answers=answers,
                category=values[columns.category] if columns.category else "",
                context=values[columns.context] if columns.context else "",
                row=values,
                options=shown.options,
                labels=shown.labels,
            )
        )
    return rows


def answer_cells(columns: TrainColumns, values: Mapping[str, str]) -> tuple[str, ...]:
    """A training row's answer cells as they are written; empty and absent ones are left out."""
    return tuple(
        values[name] for name in columns.answers if name in values and values[name].strip()
    )


def answers_by_column(columns: TrainColumns, values: Mapping[str, str]) -> dict[str, list[str]]:
    """A training row's answers under each column that holds any."""
    found = {name: _answers_in(columns, values[name]) for name in columns.answers if name in values}
    return {name: texts for name, texts in found.items() if texts}


def _answers_in(columns: TrainColumns, cell: str) -> list[str]:
    """The different answers that a cell holds, none of them empty."""
    texts = _listed(cell) if columns.answer_lists else [cell]
    if columns.alternatives is not None:
        texts = [part.strip() for text in texts for part in text.split(columns.alternatives)]
    return [text for text in dict.fromkeys(texts) if text.strip()]


def read_references(
    profile: Profile, path: Path, answer_columns: Sequence[str] = ()
) -> list[Reference]:
    """The references file: ids, answers, perhaps a category and whatever else a metric reads.

    Answers stand in ``answer_columns``, else in the several columns of the submission, which
    make one, else where train has them, else in ``answer`` or the submission's own column. Raises
    :class:`InputError` for missing columns, and for a row without an answer where the competition
    has no such questions.
    """
    form = guessed_form(profile.submission, path)
    table = read_table(path, form=form, unnamed_index=profile.unnamed_index)
    fields = profile.submission.fields if profile.submission.answers else {}
    parts = [field.column for field in fields.values()]
    whole = bool(parts) and not answer_columns and {*parts} <= {*table.columns}
    present = parts if whole else _answer_columns(profile, table, answer_columns)
    id_name = id_column(profile, table)
    ids = row_ids(profile, table, id_name)
    lists = profile.train is not None and profile.train.answer_lists
    extra = {*table.columns} - {*present, id_name}
    references = []
    for index, record in enumerate(table.records):
        cells = [record.values[name] for name in present]
        if whole and any(map(str.strip, cells)):
            cells = [from_cells(fields, cells)]
        answers = tuple(
            text for cell in cells for text in (_listed(cell) if lists else [cell]) if text.strip()
        )
        if not answers and not profile.score.unanswerable:
            raise InputError(f"{table.where(index, present[0])}: the row has no reference answer.")
        others = {name: record.values[name] for name in table.columns if name in extra}
        meta = {**others, **standard_meta(profile, record.values)}
        references.append(Reference(ids[index], answers, meta.get("category", ""), meta))
    return references


def _answer_columns(profile: Profile, table: Table, given: Sequence[str]) -> list[str]:
    if given:
        table.require(given)
        return list(given)
    declared = profile.train.answers if profile.train else []
    present = [name for name in declared if name in table.columns]
    for name in ("answer", profile.submission.answer):
        if not present and name in table.columns:
            present = [str(name)]
    if not present and profile.train is None:
        # The column's own name is nobody's rule here, so none is called missing.
        raise InputError(
            f"{table.path}: no column 'answer'. It has {nearest(table.columns, 'answer')}. "
            "Name the right one with --reference-column."
        )
    if not present:
        table.require(declared[:1])
    return present


def _listed(cell: str) -> list[str]:
    """The texts of a JSON list; a cell that is none is one text."""
    if cell.startswith("["):
        try:
            found = json.loads(cell)
        except ValueError:
            return [cell]
        if isinstance(found, list) and all(isinstance(text, str) for text in found):
            return found
    return [cell]


def standard_meta(profile: Profile, values: Mapping[str, str]) -> dict[str, str]:
    """What metrics look for, by the names they know it by."""
    train = profile.train
    declared = {
        "question": profile.meta.question or profile.test.question,
        "category": profile.meta.category or (train.category if train else None),
        "options": profile.meta.options,
        "keywords": profile.meta.keywords,
        "source": profile.meta.source,
    }
    found = {}
    for name, column in declared.items():
        for place in (column, name, f"input.{name}"):
            if place is not None and place in values:
                found[name] = values[place]
                break
    found |= _options(profile.test, values)
    if "options" not in found and (listed := listed_options(found.get("question", ""))):
        found["options"] = "\n".join(listed)
    return found


def _options(columns: TestColumns, values: Mapping[str, str]) -> dict[str, str]:
    """The options that columns hold, a line each, and what they are called."""
    if not columns.options:
        return {}
    found = {"option_labels": "\n".join(columns.option_labels)}
    if all(name in values for name in columns.options):
        texts = (" ".join(values[name].split()) for name in columns.options)
        found["options"] = "\n".join(texts).rstrip("\n")
    return found
