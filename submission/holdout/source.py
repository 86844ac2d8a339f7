"""The organizer's training file, with what each row must not share with the test set."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.profile import Profile, TrainColumns
from submission.errors import InputError
from submission.holdout.similarity import normal_form
from submission.prompts.compound import split
from submission.prompts.template import render
from submission.records.read import read_training
from submission.records.rows import TrainingRow
from submission.tables import Table, read_table


@dataclass(frozen=True)
class Source:
    """The file as read, its rows, and the SHA-256 of its bytes."""

    columns: TrainColumns
    table: Table
    rows: list[TrainingRow]
    sha256: str

    @property
    def bom(self) -> bool:
        """Whether the file begins with a byte-order mark."""
        return self.table.encoding == "utf-8-sig"


def read_source(profile: Profile, path: Path) -> Source:
    """Read the training file.

    Raises :class:`InputError` where the competition is not one of CSV files or declares no
    training file, and for what is wrong in the file itself.
    """
    if profile.submission.format != "csv":
        raise InputError(
            f"Competition '{profile.name}' has {profile.submission.format} files;"
            " holdout needs a CSV competition."
        )
    if profile.train is None:
        raise InputError(
            f"Competition '{profile.name}' declares no [train] columns; holdout has nothing to"
            " take a test set from."
        )
    rows = read_training(profile, path)
    table = read_table(path)
    made = {profile.test.id, profile.test.question}
    table.require([name for name in profile.test.columns if name not in made])
    return Source(profile.train, table, rows, hashlib.sha256(path.read_bytes()).hexdigest())


def questions_asked(profile: Profile, row: TrainingRow) -> list[str]:
    """All that a row asks: its phrasings, and each question of one that holds several."""
    template = profile.test.template
    if template is not None:
        return [*row.questions, render(template, row=row.row)]
    return [text for phrasing in row.questions for text in with_parts(phrasing)]


def with_parts(cell: str) -> list[str]:
    """The cell, and the questions in it where they are several."""
    parts = split(cell)
    return [cell, *(part.text for part in parts)] if len(parts) > 1 else [cell]


def unshared(columns: TrainColumns, row: TrainingRow) -> set[str]:
    """What no row on the other side may have: its context, or else its answers.

    An answer taken from a context ("서울") comes up in texts that have nothing in common.
    """
    texts = row.answers if columns.context is None else (row.context,)
    return {form for text in texts if (form := normal_form(text))}
