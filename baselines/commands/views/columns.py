"""Records as a table on the terminal, column by column."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from baselines.grid.records import Record
from submission.terminal import numbers
from submission.terminal.tables import print_table

Column = tuple[str, Callable[[Record], str]]
"""A header, and what the column has of a record."""


def words(name: str, header: str = "") -> Column:
    """A column of text, under its own name unless there is a ``header``."""
    return header or name, lambda record: str(record.get(name) or "")


def figures(header: str, name: str, form: str = "") -> Column:
    """A column of numbers in the format ``form``; nothing where there is none."""

    def cell(record: Record) -> str:
        value: Any = record.get(name)
        return "" if value is None else format(value, form)

    return header, cell


def scores(header: str, name: str) -> Column:
    """A column of scores."""
    return header, lambda record: numbers.score(record.get(name))


def differences(header: str, name: str) -> Column:
    """A column of what is gained or lost."""
    return header, lambda record: numbers.difference(record.get(name))


def interval(prefix: str = "", *, signed: bool = False) -> Column:
    """A column of 95% intervals, from the columns ``low`` and ``high`` after ``prefix``."""
    low, high = f"{prefix}low", f"{prefix}high"
    return "95%", lambda record: numbers.interval(record[low], record[high], signed=signed)


def print_records(columns: Sequence[Column], records: Iterable[Record]) -> None:
    """A table of these columns."""
    rows = [[cell(record) for _, cell in columns] for record in records]
    print_table([header for header, _ in columns], rows)
