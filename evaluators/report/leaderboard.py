"""The leaderboard: one row per run, file or known score."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final, Literal

from evaluators.report.cells import neutralize, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from rich.table import Table

Kind = Literal["run", "file", "known"]


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow:
    """One line of a leaderboard; None is what does not apply, as for most of a known score.

    ``low`` and ``high`` bound the score, ``difference_low`` and ``difference_high`` the difference
    to the baseline, ``public_low`` and ``public_high`` what the public part may show. ``empty``,
    ``cut_off`` and ``echoed`` count suspicious answers. ``source`` says where a known score was
    read.
    """

    rank: int | None
    name: str
    kind: Kind
    score: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    difference: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    p_value: float | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    public_low: float | None = None
    public_high: float | None = None
    empty: int | None = None
    cut_off: int | None = None
    echoed: int | None = None
    proxy: bool = False
    note: str = ""
    source: str = ""


COLUMNS: Final = tuple(each.name for each in fields(LeaderboardRow))
"""The table's columns, in order: those of LeaderboardRow."""

_TEXT: Final = ("name", "note", "source")
_WHOLE: Final = ("rank", "n", "wins", "ties", "losses", "empty", "cut_off", "echoed")
_BOOLEAN: Final = ("proxy",)


def to_frame(rows: Sequence[LeaderboardRow]) -> pd.DataFrame:
    """Return one line per row with the columns of ``COLUMNS``, in the given order.

    Whole numbers are nullable integers, other numbers floats. Names, notes and sources are other
    people's text: where a spreadsheet would take one for a formula, an apostrophe stands first.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    for column in COLUMNS:
        values = [getattr(row, column) for row in rows]
        if column in _TEXT:
            columns[column] = pd.Series([neutralize(text) for text in values], dtype="str")
        elif column in _WHOLE:
            columns[column] = pd.Series(values, dtype="Int64")
        elif column in _BOOLEAN:
            columns[column] = pd.Series(values, dtype="bool")
        else:
            columns[column] = pd.Series(values, dtype="str" if column == "kind" else "float64")
    return pd.DataFrame(columns, columns=list(COLUMNS))


def render(
    rows: Sequence[LeaderboardRow], *, title: str | None = None, baseline: str | None = None
) -> Table:
    """Return the leaderboard as a table for the terminal; columns without a value are left out.

    ``baseline`` names what the differences are against.
    """
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    shown = [column for column in _columns(baseline) if any(column.cells(rows))]
    table = Table(title=Text(printable(title)) if title else None, box=SIMPLE, padding=(0, 1, 0, 0))
    for column in shown:
        table.add_column(
            Text(column.title),
            justify="left" if column.left else "right",
            no_wrap=not column.left,
        )
    for cells in zip(*(column.cells(rows) for column in shown), strict=True):
        table.add_row(*(Text(cell) for cell in cells))
    return table


@dataclass(frozen=True)
class _Column:
    title: str
    fields: tuple[str, ...]
    left: bool = False
    signed: bool = False
    between: str = ""
    digits: int = 4

    def cells(self, rows: Sequence[LeaderboardRow]) -> list[str]:
        return [self._cell(row) for row in rows]

    def _cell(self, row: LeaderboardRow) -> str:
        values = [getattr(row, name) for name in self.fields]
        if all(value is None for value in values):
            return ""
        return self.between.join(self._text(value) for value in values)

    def _text(self, value: str | float | bool | None) -> str:
        if value is None:
            return "-"
        if isinstance(value, str):
            return printable(value)
        if isinstance(value, bool):
            return "proxy" if value else ""
        if isinstance(value, int):
            return str(value)
        return f"{value:{'+' if self.signed else ''}.{self.digits}f}"


def _columns(baseline: str | None) -> tuple[_Column, ...]:
    against = f"vs {printable(baseline)}" if baseline else "difference"
    return (
        _Column("#", ("rank",)),
        _Column("name", ("name",), left=True),
        _Column("kind", ("kind",), left=True),
        _Column("score", ("score",)),
        _Column("95 %", ("low", "high"), between=" … ", digits=3),
        _Column("n", ("n",)),
        _Column(against, ("difference",), signed=True),
        _Column(
            "95 %", ("difference_low", "difference_high"), signed=True, between=" … ", digits=3
        ),
        _Column("p", ("p_value",)),
        _Column("win/tie/loss", ("wins", "ties", "losses"), between="/"),
        _Column("public part", ("public_low", "public_high"), between=" … ", digits=3),
        _Column("empty/cut/echo", ("empty", "cut_off", "echoed"), between="/"),
        _Column("", ("proxy",), left=True),
        _Column("note", ("note",), left=True),
        _Column("source", ("source",), left=True),
    )
