"""The rows of test files, as texts that records are held against."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from baselines.corpus.folder import MANIFEST, Corpus
from submission.competitions import find_competition
from submission.errors import InputError
from submission.prompts.compound import split
from submission.records.read import read_questions, read_references
from submission.tables.read import read_table

Field = Literal["question", "document", "answer"]


class Held(NamedTuple):
    """A text of a test row."""

    field: Field
    id: str
    text: str


def held_in(
    tests: Sequence[Path], references: Path | None, competition: str | None, column: str | None
) -> Iterator[Held]:
    """The questions and documents of test files, and the answers of a references file.

    A test file is a corpus, or a table: of ``competition``, or one whose questions stand in
    ``column``. Each question of a cell that holds two is a text, and so is the whole cell. Raises
    :class:`InputError` where it cannot be read.
    """
    profile = None if competition is None else find_competition(competition).profile
    for path in tests:
        if (path / MANIFEST).is_file() or path.suffix.lower() == ".jsonl":
            yield from _records(path)
        elif profile is not None:
            for each in read_questions(profile, path):
                yield from _question(each.id, each.text)
                yield Held("document", each.id, each.context)
        elif column is not None:
            table = read_table(path)
            table.require([column])
            for index, record in enumerate(table.records):
                yield from _question(table.where(index), record.values[column])
        else:
            raise InputError(
                f"{path}: say what its columns are: --competition NAME, or --column COLUMN for the "
                "one that holds the questions"
            )
    if references is not None:
        if profile is None:
            raise InputError(f"{references}: say which competition it is of: --competition NAME")
        for row in read_references(profile, references):
            yield from (Held("answer", row.id, answer) for answer in row.answers)


def _records(path: Path) -> Iterator[Held]:
    for record in Corpus.open(path):
        yield from _question(record.id, record.question)
        yield from (Held("document", record.id, text) for text in record.documents)
        yield from (Held("answer", record.id, text) for text in record.answers)


def _question(row_id: str, text: str) -> Iterator[Held]:
    yield Held("question", row_id, text)
    parts = split(text)
    if len(parts) > 1:
        yield from (Held("question", row_id, part.text) for part in parts)
