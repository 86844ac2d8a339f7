"""What a table file holds once it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from submission.errors import InputError, locate
from submission.tables.names import explain_missing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pandas


@dataclass(frozen=True)
class Record:
    """One row: where it starts in its file, and the text under every column."""

    line: int
    values: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """A table as read: every cell a string, every record with the same columns.

    ``line`` of a record counts the header as line 1; in a JSON array it counts elements from 1.
    """

    path: Path
    columns: tuple[str, ...]
    records: tuple[Record, ...]
    encoding: str
    newline: str

    def __len__(self) -> int:
        return len(self.records)

    def column(self, name: str) -> list[str]:
        """Return one column, top to bottom.

        Raises:
            InputError: there is no such column.
        """
        self.require([name])
        return [record.values[name] for record in self.records]

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
        first: dict[str, int] = {}
        for index, name in enumerate(ids):
            if not name.strip():
                raise InputError(f"{self.where(index, column)}: the id is empty")
            if name in first:
                earlier = locate(self.path, self.records[first[name]].line)
                raise InputError(
                    f"{self.where(index, column)}: the id {name!r} was already given in {earlier};"
                    f" ids must differ ({len(ids) - len(set(ids))} repeated in all)"
                )
            first[name] = index
        return ids

    def where(self, record_index: int, column: str | None = None) -> str:
        """Name the place of a cell, or of a whole record, for a message."""
        return locate(self.path, self.records[record_index].line, column)

    def frame(self) -> pandas.DataFrame:
        """Return the table as a data frame of strings; no cell is NaN."""
        import pandas as pd

        rows = [[record.values[name] for name in self.columns] for record in self.records]
        return pd.DataFrame(rows, columns=pd.Index(self.columns, dtype="str"), dtype="str")
