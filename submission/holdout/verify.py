"""A last look at the files themselves: nothing in the test set may be known from train."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.profile import Profile
from submission.errors import CheckFailed
from submission.holdout.cells import Cell
from submission.holdout.files import REFERENCES, TEST, TRAIN, Files
from submission.holdout.similarity import Measure
from submission.holdout.source import questions_asked, with_parts
from submission.prompts.compound import split
from submission.records.read import read_questions, read_references, read_training
from submission.records.rows import Question


@dataclass(frozen=True, slots=True)
class Closest:
    """The most similar pair of a test question and a train question that is left."""

    similarity: float
    test: str
    train: str


def verify(
    folder: Path,
    files: Files,
    cells: Sequence[Cell],
    measure: Measure,
    similarity: float,
) -> Closest | None:
    """Read the files back and look for leaks.

    Raises :class:`CheckFailed` if a test question or what its answers rest on is known from
    train, or if joined questions would not be told apart.
    """
    profile, source = files.profile, files.source
    questions = read_questions(profile, files.path(folder, TEST))
    train = read_training(profile, files.path(folder, TRAIN))
    read_references(profile, files.path(folder, REFERENCES))
    known = set[str]().union(*map(source.unshared, train))
    for question, cell in zip(questions, cells, strict=True):
        held = set[str]().union(*(source.unshared(source.rows[i]) for i in cell.rows))
        if held & known:
            raise CheckFailed(
                f"{question.id}: train has the same answer, context or group. Nothing was written."
            )
    held_out = [
        (question.id, text)
        for question, cell in zip(questions, cells, strict=True)
        for text in _asked(profile, question, cell)
    ]
    left = [(row.id, text) for row in train for text in questions_asked(profile, row)]
    return _closest(held_out, left, measure, similarity)


def _asked(profile: Profile, question: Question, cell: Cell) -> list[str]:
    if profile.test.template is not None:
        return [question.text]
    if len(cell.rows) == 1:
        return with_parts(question.text)
    parts = [part.text for part in split(question.text)]
    if len(parts) != len(cell.rows):
        raise CheckFailed(
            f"{question.id}: {len(cell.rows)} joined questions are read as {len(parts)}:"
            f" {question.text!r}. Nothing was written."
        )
    return parts


def _closest(
    asked: Sequence[tuple[str, str]],
    left: Sequence[tuple[str, str]],
    measure: Measure,
    similarity: float,
) -> Closest | None:
    pair = measure.closest([text for _, text in asked], [text for _, text in left], similarity)
    if pair is None:
        return None
    (test_id, question), (train_id, phrasing) = asked[pair.left], left[pair.right]
    if pair.similarity >= similarity:
        raise CheckFailed(
            f"{test_id} asks what {train_id} in train asks (similarity {pair.similarity:.3f}):"
            f" {question!r} and {phrasing!r}. Nothing was written."
        )
    return Closest(round(pair.similarity, 4), test_id, train_id)
