"""A competition's files as rows."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from evaluators.text.options import listed_options
from submission.competitions.profile import Profile, SubmissionFormat, TrainColumns
from submission.errors import InputError
from submission.prompts.template import render
from submission.records.rows import Prediction, Question, Reference, TrainingRow
from submission.tables import Table, read_table


def read_questions(profile: Profile, path: Path) -> list[Question]:
    """The test file's rows.

    Raises :class:`InputError` for missing columns, empty or repeated ids, empty questions.
    """
    table = read_table(path)
    columns = profile.test
    needed = [columns.question, columns.context, *columns.nfc]
    if columns.template is not None:
        needed = list(columns.columns)
    table.require([name for name in needed if name])
    ids = row_ids(profile, table)
    questions = []
    for index, (row_id, record) in enumerate(zip(ids, table.records, strict=True)):
        values = _composed(record.values, columns.nfc) if columns.nfc else record.values
        if columns.question is not None:
            text = values[columns.question]
        else:
            text = render(columns.template or "", row=dict(values))
        if not text.strip():
            where = table.where(index, columns.question)
            raise InputError(f"{where}: the question is empty. Fill it in, or remove the row.")
        context = values[columns.context] if columns.context else ""
        questions.append(Question(row_id, text, context, values))
    return questions


def row_ids(profile: Profile, table: Table, column: str | None = None) -> list[str]:
    """The rows' ids in ``column``; 1, 2, 3, … where the competition's files have none.

    Raises :class:`InputError` for a missing id column, empty or repeated ids.
    """
    column = column or profile.test.id
    if profile.test.numbered and column not in table.columns:
        return [str(number) for number in range(1, len(table) + 1)]
    return table.ids(column)


def _composed(values: Mapping[str, str], columns: Sequence[str]) -> Mapping[str, str]:
    return {**values, **{name: unicodedata.normalize("NFC", values[name]) for name in columns}}


def read_training(profile: Profile, path: Path) -> list[TrainingRow]:
    """The training file's rows; empty answer cells are left out.

    Raises :class:`InputError` where the competition declares no training file, a column is
    missing, or a row has no question or no answer at all.
    """
    columns = profile.train
    if columns is None:
        raise InputError(f"Competition '{profile.name}' declares no [train] columns.")
    table = read_table(path)
    present = [name for name in columns.answers if name in table.columns]
    table.require(
        [
            *columns.questions,
            *(present or columns.answers[:1]),
            *([columns.category] if columns.category else []),
            *([columns.context] if columns.context else []),
        ]
    )
    ids = row_ids(profile, table, columns.id)
    rows = []
    for index, record in enumerate(table.records):
        values = record.values
        asked = [values[name] for name in columns.questions]
        if columns.template is not None:
            asked = [render(columns.template, row=dict(values))]
        questions = tuple(text for text in asked if text.strip())
        cells = answer_cells(columns, values)
        answers = tuple(text for cell in cells for text in _answers_in(columns, cell))
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
            )
        )
    return rows


def answer_cells(columns: TrainColumns, values: Mapping[str, str]) -> tuple[str, ...]:
    """A training row's answer cells as they are written; empty and absent ones are left out."""
    return tuple(
        values[name] for name in columns.answers if name in values and values[name].strip()
    )


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

    Answers stand in ``answer_columns``, else where train has them, else in ``answer`` or the
    submission's own column. Raises :class:`InputError` for missing columns, and for a row without
    an answer where the competition has no such questions.
    """
    table = read_table(path)
    present = _answer_columns(profile, table, answer_columns)
    ids = row_ids(profile, table)
    lists = profile.train is not None and profile.train.answer_lists
    extra = {*table.columns} - {*present, profile.test.id}
    references = []
    for index, record in enumerate(table.records):
        cells = [record.values[name] for name in present]
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
            f"{table.path}: no column 'answer'. It has {', '.join(table.columns[:6])}. "
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
    if "options" not in found and (listed := listed_options(found.get("question", ""))):
        found["options"] = "\n".join(listed)
    return found


def read_predictions(
    profile: Profile, path: Path, answer_column: str | None = None
) -> list[Prediction]:
    """Answers made elsewhere: the id column plus ``answer``, the competition's own answer
    column, or ``answer_column``; a JSON object of answers by id; or a submission of vectors alone.
    """
    table = read_table(path, by_id=(profile.test.id, "answer"))
    ids = row_ids(profile, table)
    column = answer_column or _answer_column(profile.submission, table)
    if column is not None:
        table.require([column])
        return [
            Prediction(row_id, text) for row_id, text in zip(ids, table.column(column), strict=True)
        ]
    vectors = profile.submission.vectors
    if vectors is None or vectors.columns[0] not in table.columns:
        raise InputError(
            f"{path}: no column 'answer'"
            + (f" and no '{vectors.columns[0]}'" if vectors else "")
            + f". It has {', '.join(table.columns[:6])}. Name the right one with --answer-column."
        )
    from submission.records.vectors import read_vectors

    matrix = read_vectors(table, vectors)
    return [Prediction(row_id, "", matrix[index]) for index, row_id in enumerate(ids)]


def _answer_column(submission: SubmissionFormat, table: Table) -> str | None:
    for name in ("answer", submission.answer):
        if name is not None and name in table.columns:
            return name
    return None
