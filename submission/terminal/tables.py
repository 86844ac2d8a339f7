"""Tables for people: every command's look alike."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from evaluators.text.cells import shortened
from submission.terminal.output import show

LONGEST_LINE: Final = 400
"""Characters of a line in a cell; of a longer one the beginning is shown."""

_NUMBERS: Final = re.compile(r"[-+]?[\d.,]+ ?%?(?: ?(?:of|/|…) ?[-+]?[\d.,]+)*")


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    names: bool = True,
) -> None:
    """Rows under ``headers``; columns of numbers stand to the right.

    A first column of ``names``, which are typed again, stays whole, and so do headers and numbers.
    """
    from rich.box import SIMPLE
    from rich.table import Column, Table

    shown = [[_cell(cell) for cell in row] for row in rows]
    columns = []
    for place, header in enumerate(map(_cell, headers)):
        numbers = _are_numbers([row[place] for row in shown])
        columns.append(
            Column(
                header,
                justify="right" if numbers else "left",
                no_wrap=numbers or (names and place == 0),
                overflow="fold",
                min_width=max(map(len, header.split(" "))) if header else None,
            )
        )
    table = Table(*columns, box=SIMPLE, padding=(0, 1, 0, 0), title=title, title_justify="left")
    for row in shown:
        table.add_row(*row)
    show(table)


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
