"""A table in a member: all of it, or the rows of it that can be read."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any, cast

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import Problems, label, pieces_by_row, read_whole, tell, whole
from submission.errors import InputError
from submission.tables import Form, Table
from submission.tables.read import table_of
from submission.tables.text import Text, decode, lines

ROWS = 5_000
"""Rows of a table that are one piece of work."""
DELIMITERS = {".csv": ",", ".tsv": "\t"}

Change = Callable[[str], str]
"""What is made of a file's text before it is read."""


def suffix(member: Member) -> str:
    """The end of a file's name, in small letters: ``.csv``."""
    return PurePosixPath(member.name.lower()).suffix


def header(head: bytes) -> tuple[str, ...]:
    """The columns that the first line of a CSV or TSV file names, roughly."""
    for encoding in ("utf-8-sig", "cp949"):
        try:
            line = head.split(b"\n", 1)[0].decode(encoding)
        except UnicodeDecodeError:
            continue
        cells = line.strip().split("\t" if "\t" in line else ",")
        return tuple(cell.strip().strip('"') for cell in cells)
    return ()


def same(text: str) -> str:
    """A text as it is."""
    return text


def table_in(member: Member, change: Change = same, *, unnamed_index: bool = False) -> Table:
    """The whole table. Raises :class:`InputError` where any of it cannot be read."""
    return _table_in(cast(Hashable, member), change, unnamed_index)


@lru_cache(maxsize=2)
def _table_in(member: Any, change: Change, unnamed_index: bool) -> Table:
    text = _text(member, change)
    return table_of(Path(member.name), text, unnamed_index=unnamed_index)


def row_pieces(
    member: Member, change: Change = same, *, unnamed_index: bool = False
) -> Sequence[Piece]:
    """Pieces of rows; all of it where a row cannot be read, which is said when it is read."""
    try:
        count = len(table_in(member, change, unnamed_index=unnamed_index))
    except InputError:
        return whole(member)
    return pieces_by_row(member, [count], ROWS)


def readable_table(
    member: Member, problems: Problems, change: Change = same, *, unnamed_index: bool = False
) -> Table | None:
    """The table, without the rows that cannot be read; None where there is none at all."""
    try:
        return table_in(member, change, unnamed_index=unnamed_index)
    except InputError as error:
        if problems is None:
            raise
        if suffix(member) not in DELIMITERS:
            tell(problems, member, "", error)
            return None
    try:
        text = _text(member, change)
    except InputError as error:
        tell(problems, member, "", error)
        return None
    return _row_by_row(member, text, problems, unnamed_index=unnamed_index)


def _text(member: Member, change: Change) -> Text:
    text = decode(Path(member.name), read_whole(member))
    return text._replace(content=change(text.content))


def readable_csv(
    member: Member, piece: Piece, text: Text, first: int, problems: Problems
) -> Table | None:
    """The same for a text with a header whose first row is number ``first`` of the file."""
    form = _csv_form(member)
    in_part = piece.stop - piece.start < member.size
    try:
        return table_of(label(member, piece), text, form, allow_empty=in_part)
    except InputError:
        if problems is None:
            raise
    return _row_by_row(member, text, problems, first=first)


def _csv_form(member: Member) -> Form:
    return "tsv" if suffix(member) == ".tsv" else "csv"


def _row_by_row(
    member: Member,
    text: Text,
    problems: Problems,
    *,
    unnamed_index: bool = False,
    first: int = 2,
) -> Table | None:
    records = _records(text.content)
    _, head = next(records, (1, ""))
    read = functools.partial(
        table_of, Path(member.name), form=_csv_form(member), unnamed_index=unnamed_index
    )
    try:
        columns = read(Text(head, ""), allow_empty=True).columns
    except InputError as error:
        tell(problems, member, "row 1", error)
        return None
    rows: list[tuple[str, ...]] = []
    starts: list[int] = []
    for line, record in records:
        try:
            found = read(Text(head + record, ""))
        except InputError as error:
            told = str(error).partition(": ")[2] or str(error)
            tell(problems, member, f"row {line - 2 + first}", told)
            continue
        rows += found.rows
        starts += [line] * len(found.rows)
    if not text.content[len(head) :].strip():
        tell(problems, member, "row 1", "has a header but no rows")
    return Table(Path(member.name), columns, rows, starts, text.encoding, "\n")


def _records(content: str) -> Iterator[tuple[int, str]]:
    """The rows of a CSV text, each with the line that it begins in; line breaks stay in quotes."""
    held, begun = "", 1
    for number, line in enumerate(lines(content), start=1):
        if not held:
            begun = number
        held += line
        if held.count('"') % 2 == 0:
            yield begun, held
            held = ""
    if held:
        yield begun, held
