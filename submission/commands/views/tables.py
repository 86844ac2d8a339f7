"""Tables for people, on standard output.

Nothing in a cell is taken for markup, and control characters are shown instead of sent: names come
from files, and answers from models, that nobody has read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table


def print_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str | None = None,
    names: bool = True,
) -> None:
    """Rows under ``headers``. A first column of ``names``, which are typed again, stays whole."""
    from rich.table import Column, Table

    columns = [
        Column(header, no_wrap=names and place == 0, overflow="fold")
        for place, header in enumerate(headers)
    ]
    table = Table(*columns, title=title, title_justify="left")
    _print(table, rows)


def print_facts(facts: Iterable[tuple[str, str]]) -> None:
    """A name and a value a line; those without a value are left out."""
    from rich.table import Column, Table

    columns = [Column(no_wrap=True), Column(overflow="fold")]
    table = Table(*columns, show_header=False, box=None, padding=(0, 2, 0, 0))
    _print(table, (fact for fact in facts if fact[1]))


def shortened(text: str, longest: int = 160) -> str:
    """The beginning of a long text, on one line."""
    line = printable(text.replace("\n", "\\n"))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def printable(text: str) -> str:
    """``text`` with control characters written out."""
    return "".join(
        character
        if character.isprintable() or character == "\n"
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def _print(table: Table, rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console

    for row in rows:
        table.add_row(*map(printable, row))
    Console(markup=False, highlight=False, emoji=False).print(table)
