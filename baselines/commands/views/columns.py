"""Records as a table on the terminal, column by column."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from baselines.grid.records import Record
from evaluators.text.cells import printable

WIDTH = 160

Column = tuple[str, Callable[[Record], str]]
"""A header, and what the column has of a record."""


def words(name: str, header: str = "") -> Column:
    """A column of text, under its own name unless there is a ``header``."""
    return header or name, lambda record: printable(str(record.get(name) or ""))


def figures(header: str, name: str, form: str = "") -> Column:
    """A column of numbers in the format ``form``; nothing where there is none."""

    def cell(record: Record) -> str:
        value: Any = record.get(name)
        return "" if value is None else format(value, form)

    return header, cell


def interval(prefix: str = "", sign: str = "") -> Column:
    """A column of 95 % intervals, from the columns ``low`` and ``high`` after ``prefix``."""

    def cell(record: Record) -> str:
        low, high = record[f"{prefix}low"], record[f"{prefix}high"]
        return "" if low is None or high is None else f"{low:{sign}.3f} … {high:{sign}.3f}"

    return "95 %", cell


def print_records(
    names: Sequence[Column], numbers: Sequence[Column], records: Iterable[Record]
) -> None:
    """A table of ``names``, which may be folded, and ``numbers``, which are not."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for header, _ in names:
        table.add_column(Text(printable(header)))
    for header, _ in numbers:
        table.add_column(Text(printable(header)), justify="right", no_wrap=True)
    for record in records:
        table.add_row(*(Text(cell(record)) for _, cell in (*names, *numbers)))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)
