"""What a table file holds once it is read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, overload

from submission.errors import InputError, locate
from submission.tables.names import explain_missing

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Row(Mapping[str, str]):
    """The text under every column of one row."""

    __slots__ = ("_cells", "_places")

    def __init__(self, places: Mapping[str, int], cells: tuple[str, ...]) -> None:
        self._places = places
        self._cells = cells

    def __getitem__(self, column: str) -> str:
        return self._cells[self._places[column]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)

    def __repr__(self) -> str:
        return repr(dict(self))


class Record(NamedTuple):
    """One row: where it starts in its file, and the text under every column."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table as read: every cell a string, every record with the same columns.

    ``lines`` has where each of the ``rows`` starts, and counts the header as line 1; in a JSON
    array it counts elements from 1.
    """

    path: Path
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    lines: Sequence[int]
    encoding: str
    newline: str

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def bom(self) -> bool:
        """Whether the file begins with a byte-order mark."""
        return self.encoding == "utf-8-sig"

    @property
    def records(self) -> Records:
        """The rows with their cells by column."""
        return Records(self)

    def column(self, name: str) -> list[str]:
        """Return one column, top to bottom.

        Raises:
            InputError: there is no such column.
        """
        self.require([name])
        place = self.columns.index(name)
        return [row[place] for row in self.rows]

    def require(self, columns: Iterable[str]) -> None:
        """Make sure that the columns are there.

        Raises:
            InputError: some are missing; the message names each, with the column it resembles.
        """
        missing = [name for name in columns if name not in self.columns]
        if missing:
            raise InputError(f"{self.path}: {explain_missing(missing, self.columns)}")

    def ids(self, column: str) -> list[str]:
        """Return a column whose every cell names its row.

        Raises:
            InputError: the column is missing, an id is empty, or an id occurs twice.
        """
        ids = self.column(column)
        if len(set(ids)) == len(ids) and all(map(str.strip, ids)):
            return ids
        first: dict[str, int] = {}
        for index, name in enumerate(ids):
            if not name.strip():
                raise InputError(f"{self.where(index, column)}: the id is empty")
            if name in first:
                earlier = locate(self.path, self.lines[first[name]])
                raise InputError(
                    f"{self.where(index, column)}: the id {name!r} was already given in {earlier};"
                    f" ids must differ ({len(ids) - len(set(ids))} repeated in all)"
                )
            first[name] = index
        return ids

    def where(self, record_index: int, column: str | None = None) -> str:
        """Name the place of a cell, or of a whole record, for a message."""
        return locate(self.path, self.lines[record_index], column)


class Records(Sequence[Record]):
    """A table's rows as records, each made when it is asked for."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._places = {name: place for place, name in enumerate(table.columns)}

    def __len__(self) -> int:
        return len(self._table.rows)

    @overload
    def __getitem__(self, place: int) -> Record: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Record]: ...
    def __getitem__(self, place: int | slice) -> Record | Sequence[Record]:
        if isinstance(place, slice):
            return [self[each] for each in range(len(self))[place]]
        return Record(self._table.lines[place], Row(self._places, self._table.rows[place]))

    def __iter__(self) -> Iterator[Record]:
        for line, cells in zip(self._table.lines, self._table.rows, strict=True):
            yield Record(line, Row(self._places, cells))
