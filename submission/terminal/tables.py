"""Tables for people: every command's look alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from evaluators.text.cells import shortened
from submission.terminal.output import console, show

if TYPE_CHECKING:
    from rich.table import Column, Table

LONGEST_LINE: Final = 1000
"""Characters of a line in a cell; of a longer one the beginning is shown."""

INTERVAL: Final = "95%"
"""The header of a column of intervals, which belong to the column before."""

LONGEST_WORD: Final = 32
"""Longer words may be broken over lines."""

_NUMBERS: Final = re.compile(r"[-+]?[\d.,]+ ?%?(?: ?(?:of|/|…) ?[-+]?[\d.,]+)*")


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    names: bool = True,
) -> None:
    """Rows under ``headers``; columns of numbers stand to the right.

    A first column of ``names``, which are typed again, stays whole, and so do numbers. A column
    without a header is left out where it is empty.
    """
    from rich.box import SIMPLE
    from rich.table import Table

    shown = [[_cell(cell) for cell in row] for row in rows]
    table = Table(box=SIMPLE, title=title, title_justify="left")
    kept = [place for place, header in enumerate(headers) if header or any(r[place] for r in shown)]
    for place in kept:
        numbers = _are_numbers([row[place] for row in shown])
        table.add_column(
            _cell(headers[place]),
            justify="right" if numbers else "left",
            no_wrap=numbers or (names and place == 0),
            overflow="fold",
        )
    for row in shown:
        table.add_row(*(row[place] for place in kept))
    show_table(table)


def show_table(table: Table) -> None:
    """A table, words and numbers whole; one that is wider than the terminal comes in pieces.

    Each piece begins with the columns up to the first of words, which says what the rows are.
    """
    width = console().width
    for piece in [table] if _room(table.columns) <= width else _pieces(table, width):
        for column in piece.columns:
            column.min_width = _least(column)
        piece.padding = (0, int(_room(piece.columns, gap=2) <= width), 0, 0)
        show(piece)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """A name and a value a line; those without a value are left out."""
    from rich.table import Column, Table

    columns = [Column(no_wrap=True), Column(overflow="fold")]
    table = Table(*columns, show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in facts:
        if value:
            table.add_row(name, _cell(value))
    show(table)


def _cell(text: str) -> str:
    return "\n".join(shortened(line, LONGEST_LINE) for line in text.split("\n"))


def _are_numbers(cells: Sequence[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and all(_NUMBERS.fullmatch(cell) for cell in filled)


def _least(column: Column) -> int:
    """The width that breaks no word, and no line of a column that is not to be wrapped."""
    from rich.cells import cell_len

    texts = [str(cell) for cell in column.cells]
    parts = (text.split("\n") if column.no_wrap else text.split() for text in texts)
    longest = max((cell_len(part) for each in parts for part in each), default=0)
    header = max(map(cell_len, str(column.header).split()), default=0)
    return max(header, longest if column.no_wrap else min(longest, LONGEST_WORD))


def _room(columns: Sequence[Column], gap: int = 1) -> int:
    return sum(_least(column) + gap for column in columns) + 1


def _pieces(table: Table, width: int) -> Iterator[Table]:
    from rich.table import Column

    keys = next((n for n, each in enumerate(table.columns, 1) if each.justify == "left"), 1)
    key, taken = table.columns[:keys], list[Column]()
    for block in _blocks(table.columns[keys:]):
        if taken and _room([*key, *taken, *block], gap=2) > width:
            yield _of_columns(table, [*key, *taken])
            taken = []
        taken += block
    yield _of_columns(table, [*key, *taken])


def _blocks(columns: Sequence[Column]) -> list[list[Column]]:
    """Columns, each with the interval that follows it."""
    blocks: list[list[Column]] = []
    for column in columns:
        if blocks and str(column.header) == INTERVAL:
            blocks[-1].append(column)
        else:
            blocks.append([column])
    return blocks


def _of_columns(table: Table, columns: Sequence[Column]) -> Table:
    from rich.table import Table

    piece = Table(box=table.box, title=table.title, title_justify="left")
    for column in columns:
        piece.add_column(
            column.header,
            justify=column.justify,
            no_wrap=column.no_wrap,
            overflow=column.overflow,
        )
    for row in zip(*(column.cells for column in columns), strict=True):
        piece.add_row(*row)
    return piece
