"""Where examples come from, and that none of them gives away an answer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.profile import Profile
from submission.errors import InputError, few
from submission.files.digest import sha256_file
from submission.files.named import named_file
from submission.holdout.files import REFERENCES, STORY, TEST
from submission.holdout.labels import Labels
from submission.holdout.similarity import normal_form
from submission.holdout.source import questions_asked, with_parts
from submission.recipes.examples import Examples
from submission.records.read import read_training
from submission.records.rows import Question, TrainingRow


@dataclass(frozen=True)
class Source:
    """A file of examples and its rows; which of their answers are ``labels`` of a closed set."""

    path: Path
    rows: Sequence[TrainingRow]
    labels: Labels | None = None

    def shared(self, row: TrainingRow) -> set[str]:
        """What puts rows into one group beside their questions, as ``leaderkit holdout`` has it.

        It is the context that they are asked of, or else answers that are no labels.
        """
        if row.context.strip():
            return {normal_form(row.context)}
        free = self.labels.free(row) if self.labels is not None else []
        return set(map(normal_form, free)) - {""}


def load_source(
    examples: Examples,
    profile: Profile,
    train: Path | None,
    test: Path,
    questions: Sequence[Question],
) -> Source:
    """The rows that the recipe's examples are chosen from.

    Raises :class:`InputError` where there is no file, or it holds rows of the test set: those that
    ``leaderkit holdout`` held out for it, whatever file they stand in, or rows with the id and the
    question of a test row.
    """
    path = train
    if examples.file is not None:
        try:
            path = named_file(examples.file)
        except InputError as error:
            raise InputError(f"prompt.examples.file: {error}") from None
    if path is None:
        raise InputError(
            "prompt.examples: there is no training file to choose from. Give --train, or set "
            "prompt.examples.file."
        )
    _refuse_files_of_the_test_set(path, test)
    rows = read_training(profile, path)
    leaks = _held_out(profile, path, test, rows, questions) or _tested(rows, questions)
    if leaks:
        raise InputError(
            f"{path}: holds {len(leaks)} rows of the test set, whose answers no example may show: "
            f"{few(leaks)}. Give the train file that leaderkit holdout wrote beside the test file."
        )
    labels = Labels.of(profile, profile.train, rows) if profile.train is not None else None
    return Source(path, rows, labels)


def _refuse_files_of_the_test_set(path: Path, test: Path) -> None:
    beside = path.resolve().parent == test.resolve().parent and test.with_name(STORY).is_file()
    if path.resolve() == test.resolve() or (beside and path.stem in (REFERENCES, TEST)):
        raise InputError(
            f"{path}: is the test set itself, whose answers no example may show. Give a train file."
        )


def _held_out(
    profile: Profile,
    path: Path,
    test: Path,
    rows: Sequence[TrainingRow],
    questions: Sequence[Question],
) -> list[str]:
    """The rows that were held out to make ``test``.

    In the file that they were taken from they are known by their ids, in any other, such as a part
    of it, by a question that the test set asks (of the same context, where there is one).
    """
    story = test.with_name(STORY)
    if not story.is_file():
        return []
    try:
        told = json.loads(story.read_text("utf-8"))
        source, made_of = told["source"]["sha256"], told["test"]
        held = {row_id for ids in made_of.values() for row_id in ids}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(
            f"{story}: does not say which rows are held out, so that examples could be among them. "
            "Make the test set anew with leaderkit holdout."
        ) from None
    if sha256_file(path) != source:
        held = set()
    asked = {
        (normal_form(text), normal_form(question.context))
        for question in questions
        for text in with_parts(question.text)
    }
    return [
        row.id
        for row in rows
        if row.id in held
        or any(
            (normal_form(text), normal_form(row.context)) in asked
            for text in questions_asked(profile, row)
        )
    ]


def _tested(rows: Sequence[TrainingRow], questions: Sequence[Question]) -> list[str]:
    asked = {(question.id, normal_form(question.text)) for question in questions}
    forms = ((row.id, {(row.id, normal_form(text)) for text in row.questions}) for row in rows)
    return [row_id for row_id, found in forms if found & asked]
