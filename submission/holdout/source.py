"""The organizer's training file, with what each row must not share with the test set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.columns import TrainColumns
from submission.competitions.declared import INDEX
from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.files.digest import sha256_file
from submission.holdout.items import Item
from submission.holdout.labels import Labels
from submission.holdout.similarity import normal_form
from submission.prompts.compound import split
from submission.records.kin import kin
from submission.records.read import question_text, training_rows
from submission.records.rows import TrainingRow
from submission.tables import Table, read_items, read_table

_JSON = frozenset({".json", ".jsonl"})
_SEPARATOR = "\0"
"""Stands in no normal form, so that a group or an origin is taken for no answer."""


@dataclass(frozen=True)
class Source:
    """The file as read, its rows, and the SHA-256 of its bytes.

    ``items`` are the objects of a JSON file with their structure; None for any other file, and for
    SQuAD's nested form. ``group_by`` is the column whose equal cells belong together, if there is
    one.
    """

    columns: TrainColumns
    table: Table
    rows: list[TrainingRow]
    sha256: str
    labels: Labels
    items: Sequence[Item] | None = None
    group_by: str | None = None

    @property
    def suffix(self) -> str:
        """Of the files that are made of it."""
        return ".csv" if self.items is None else self.table.path.suffix.lower()

    def unshared(self, row: TrainingRow) -> set[str]:
        """What no row on the other side may have: its context, or else its answers; its group;
        what it was made from.

        An answer taken from a context ("서울") comes up in texts that have nothing in common, as a
        label of a closed set and a number do.
        """
        if self.columns.context is not None:
            found = {form for form in [normal_form(row.context)] if form}
        else:
            found = set(map(normal_form, self.labels.free(row))) - {""}
        if self.group_by is not None and (cell := row.row[self.group_by].strip()):
            found.add(_SEPARATOR + cell)
        origin = kin(row.id, row.row, self.columns.columns)
        return found.union(2 * _SEPARATOR + each for each in origin)


def read_source(profile: Profile, path: Path, group_by: str | None = None) -> Source:
    """Read the training file.

    Raises :class:`InputError` where the competition declares no training file, and for what is
    wrong in the file itself.
    """
    if profile.train is None:
        raise InputError(
            f"Competition '{profile.name}' declares no [train] columns; holdout has nothing to"
            " take a test set from."
        )
    table = read_table(path, unnamed_index=profile.train.unnamed_index)
    rows = training_rows(profile, profile.train, table)
    made = {INDEX, profile.test.id, profile.test.question}
    made |= {field.column for field in profile.submission.fields.values()}
    made |= {*profile.train.answers}
    required = [name for name in profile.test.columns if name not in made]
    table.require([*required, *([group_by] if group_by else [])])
    return Source(
        profile.train,
        table,
        rows,
        sha256_file(path),
        Labels.of(profile, profile.train, rows),
        _items(path),
        group_by,
    )


def _items(path: Path) -> Sequence[Item] | None:
    if path.suffix.lower() not in _JSON:
        return None
    try:
        return read_items(path).values
    except InputError:  # SQuAD's form: it was read as a table
        return None


def questions_asked(profile: Profile, row: TrainingRow) -> list[str]:
    """All that a row asks: its phrasings, and each question of one that holds several."""
    template = profile.test.template
    if template is not None:
        return [*row.questions, question_text(template, row.row, row)]
    return [text for phrasing in row.questions for text in with_parts(phrasing)]


def with_parts(cell: str) -> list[str]:
    """The cell, and the questions in it where they are several."""
    parts = split(cell)
    return [cell, *(part.text for part in parts)] if len(parts) > 1 else [cell]
