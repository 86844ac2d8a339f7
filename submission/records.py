"""Test rows, training rows, references and predictions as a competition declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from submission.competitions.profile import Profile, SubmissionFormat, Vectors
from submission.errors import InputError, locate
from submission.prompts.template import render
from submission.tables import Table, read_table

LARGEST = float(np.finfo(np.float32).max)
"""What a vector's cell may hold at most: vectors are compared in single precision."""


@dataclass(frozen=True, slots=True)
class Question:
    """One test row: its question in words, its context, and every column by name."""

    id: str
    text: str
    context: str
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TrainingRow:
    """One training row: the phrasings of its question and the answers to it."""

    id: str
    questions: tuple[str, ...]
    answers: tuple[str, ...]
    category: str
    context: str
    row: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reference:
    """What a test row should have been answered."""

    id: str
    answers: tuple[str, ...]
    category: str


@dataclass(frozen=True, slots=True)
class Prediction:
    """An answer made anywhere: text, or only its vector."""

    id: str
    answer: str
    vector: NDArray[np.float32] | None = None


def read_questions(profile: Profile, path: Path) -> list[Question]:
    """The test file's rows.

    Raises :class:`InputError` for missing columns, empty or repeated ids, empty questions.
    """
    table = read_table(path)
    columns = profile.test
    needed = [columns.id, columns.question, columns.context]
    if columns.template is not None:
        needed = list(columns.columns)
    table.require([name for name in needed if name])
    ids = table.ids(columns.id)
    questions = []
    for index, record in enumerate(table.records):
        if columns.question is not None:
            text = record.values[columns.question]
        else:
            text = render(columns.template or "", row=record.values)
        if not text.strip():
            where = table.where(index, columns.question)
            raise InputError(f"{where}: the question is empty. Fill it or drop the row.")
        context = record.values[columns.context] if columns.context else ""
        questions.append(Question(ids[index], text, context, record.values))
    return questions


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
            columns.id,
            *columns.questions,
            *(present or columns.answers[:1]),
            *([columns.category] if columns.category else []),
            *([columns.context] if columns.context else []),
        ]
    )
    ids = table.ids(columns.id)
    rows = []
    for index, record in enumerate(table.records):
        values = record.values
        asked = [values[name] for name in columns.questions]
        if columns.template is not None:
            asked = [render(columns.template, row=values)]
        questions = tuple(text for text in asked if text.strip())
        answers = tuple(values[name] for name in present if values[name].strip())
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


def read_references(profile: Profile, path: Path) -> list[Reference]:
    """The references file: the id column, answer columns as in train, perhaps a category."""
    table = read_table(path)
    declared = profile.train.answers if profile.train else []
    present = [name for name in declared if name in table.columns]
    if not present and "answer" in table.columns:
        present = ["answer"]
    table.require([profile.test.id, *(present or declared[:1] or ["answer"])])
    ids = table.ids(profile.test.id)
    category = profile.train.category if profile.train else None
    references = []
    for index, record in enumerate(table.records):
        answers = tuple(record.values[name] for name in present if record.values[name].strip())
        if not answers:
            raise InputError(f"{table.where(index, present[0])}: the row has no reference answer.")
        label = record.values.get(category, "") if category else ""
        references.append(Reference(ids[index], answers, label))
    return references


def read_predictions(
    profile: Profile, path: Path, answer_column: str | None = None
) -> list[Prediction]:
    """Answers made elsewhere: the id column plus ``answer``, the competition's own answer
    column, or ``answer_column``; or a submission of vectors alone.
    """
    table = read_table(path)
    table.require([profile.submission.id])
    ids = table.ids(profile.submission.id)
    column = answer_column or _answer_column(profile.submission, table)
    if column is not None:
        table.require([column])
        return [
            Prediction(row_id, record.values[column])
            for row_id, record in zip(ids, table.records, strict=True)
        ]
    vectors = profile.submission.vectors
    if vectors is None or vectors.columns[0] not in table.columns:
        raise InputError(
            f"{path}: no column 'answer'"
            + (f" and no '{vectors.columns[0]}'" if vectors else "")
            + f". It has {', '.join(table.columns[:6])}. Name the right one with --answer-column."
        )
    matrix = read_vectors(table, vectors)
    return [Prediction(row_id, "", matrix[index]) for index, row_id in enumerate(ids)]


def _answer_column(submission: SubmissionFormat, table: Table) -> str | None:
    for name in ("answer", submission.answer):
        if name is not None and name in table.columns:
            return name
    return None


def read_vectors(table: Table, vectors: Vectors) -> NDArray[np.float32]:
    """The vector columns as an array of shape (rows, dimension).

    Raises :class:`InputError` for a cell that is no finite number.
    """
    table.require(vectors.columns)
    matrix = np.empty((len(table), vectors.dimension), dtype=np.float32)
    for index, record in enumerate(table.records):
        for place, column in enumerate(vectors.columns):
            text = record.values[column]
            try:
                value = read_number(text)
            except ValueError:
                value = np.nan
            if not abs(value) <= LARGEST:
                raise InputError(
                    f"{locate(table.path, record.line, column)}: '{text[:40]}' is not a finite "
                    "number."
                )
            matrix[index, place] = value
    return matrix


def read_number(text: str) -> float:
    """The number that any reader of CSV sees in ``text``; raises ``ValueError`` for none.

    Python alone would also take ``1_0`` and the digits of other scripts.
    """
    if "_" in text or not text.isascii():
        raise ValueError(text)
    return float(text)
