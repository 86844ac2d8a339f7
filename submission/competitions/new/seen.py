"""The organizer's files as they are: columns, rows, and how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

from evaluators.text.structured import finite, parse_json
from submission.errors import InputError
from submission.tables import JsonText, Table, read_table

Format = Literal["csv", "json", "jsonl"]
_BOM = b"\xef\xbb\xbf"
_SEPARATED = {"\t": ("tabs", ".tsv"), ",": ("commas", ".csv")}
_SUFFIXES: Mapping[str, Format] = {".json": "json", ".jsonl": "jsonl"}


@dataclass(frozen=True)
class Seen:
    """One file. Members of nested JSON objects are columns with dotted names."""

    table: Table
    format: Format

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns in order."""
        return self.table.columns

    @cached_property
    def _values(self) -> Mapping[str, Sequence[str]]:
        return dict(zip(self.columns, zip(*self.table.rows, strict=True), strict=True))

    def cells(self, column: str) -> Sequence[str]:
        """One column as text."""
        return self._values[column]

    def filled(self, column: str) -> list[str]:
        """The cells that are not empty."""
        return [text for text in self.cells(column) if text.strip()]

    def values(self, column: str) -> list[object]:
        """The cells that are not empty: lists and objects of a JSON file as such."""
        return [each.value if isinstance(each, JsonText) else each for each in self.filled(column)]

    def is_id(self, column: str) -> bool:
        """Whether every row has a cell of its own."""
        cells = self.cells(column)
        return len(set(cells)) == len(cells) and all(map(str.strip, cells))

    @property
    def named(self) -> list[str]:
        """The columns but for an index without a name."""
        return [name for name in self.columns if name]

    def require(self, columns: Sequence[str]) -> None:
        """Raise :class:`InputError` where one of the columns is missing."""
        self.table.require(columns)


@dataclass(frozen=True)
class Files:
    """The files of a contest that are there."""

    test: Seen
    sample: Seen
    train: Seen | None = None


def read_files(test: Path, sample: Path, train: Path | None = None) -> Files:
    """Read them; the sample submission may hold JSON under any name.

    The first column may be an index without a name. Raises :class:`InputError` as
    :func:`read_table` does, and for a file of one column whose cells hold several, separated by
    tabs or commas.
    """
    return Files(
        _read(test),
        _read(sample, _hidden_json(sample)),
        None if train is None else _read(train),
    )


def _read(path: Path, form: Format | None = None) -> Seen:
    table = read_table(path, form=form, unnamed_index=True)
    if len(table.columns) == 1:
        for mark, (what, suffix) in _SEPARATED.items():
            if mark in table.columns[0] and path.suffix.lower() != suffix:
                raise InputError(f"{path}: its cells are separated by {what}: name it {suffix}.")
    return Seen(table, form or _SUFFIXES.get(path.suffix.lower(), "csv"))


def _hidden_json(path: Path) -> Format | None:
    """JSON in a file that is called otherwise; None leaves it to the suffix."""
    if path.suffix.lower() in _SUFFIXES or not path.is_file():
        return None
    with path.open("rb") as handle:
        start = handle.read(4096).removeprefix(_BOM).lstrip()
    # A column may be called "[", too.
    if match := re.match(rb'(\[\s*)?\{\s*"', start):
        return "json" if match[1] else "jsonl"
    return None if path.suffix.lower() == ".tsv" else "csv"


def is_number(text: str) -> bool:
    """Whether a cell is one finite JSON number."""
    return finite(parse_json(text)) is not None
