"""The leaderboard: one row per run, file or known score."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from math import isnan
from typing import TYPE_CHECKING, Any, Final, Literal

from evaluators.base import finite
from evaluators.text.cells import neutralize, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd
    from rich.table import Table

    from evaluators.base import Score

Kind = Literal["run", "file", "folds", "known"]

UNDEFINED: Final = "—"
"""What tables show for a number that is not defined, such as the interval of one row."""


@dataclass(frozen=True, kw_only=True)
class LeaderboardRow:
    """One line of a leaderboard; None is what does not apply, as for most of a known score.

    ``low`` and ``high`` bound the score, ``difference_low`` and ``difference_high`` the difference
    to the baseline (all NaN for one row, which has no interval), ``public_low`` and
    ``public_high`` what the public part may show.
    ``p_adjusted`` is ``p_value`` made stricter for the number of comparisons; ``detectable`` the
    smallest difference that would be found four times in five. ``public`` and ``private`` are what
    the organizer gave, ``expected`` with its ends the public score that local ones predict.
    ``seconds``, tokens and ``money`` are what generating the answers took.
    ``degenerate`` counts degenerate answers by kind, ``any_degenerate`` each of them once.
    ``proxy`` is why the score is one, if it is. ``source`` says where a known score was read,
    ``signature`` what decides the number, ``others`` further metrics' scores by what they were
    asked for as.
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
    p_adjusted: float | None = None
    detectable: float | None = None
    wins: int | None = None
    ties: int | None = None
    losses: int | None = None
    public_low: float | None = None
    public_high: float | None = None
    public: float | None = None
    private: float | None = None
    expected: float | None = None
    expected_low: float | None = None
    expected_high: float | None = None
    seconds: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    money: float | None = None
    currency: str = ""
    degenerate: Mapping[str, int | None] = field(default_factory=dict)
    any_degenerate: int | None = None
    proxy: str | None = None
    note: str = ""
    source: str = ""
    signature: str = ""
    others: Mapping[str, Score] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return the values of :func:`column_names`; of ``proxy`` whether it is one, not why."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        values = {
            name: finite(value) if isinstance(value, float) else value
            for name, value in values.items()
        }
        values |= {**self.degenerate, "degenerate": self.any_degenerate}
        values["proxy"] = self.proxy is not None
        return {name: values[name] for name in column_names(self.degenerate)}


def column_names(kinds: Iterable[str]) -> tuple[str, ...]:
    """The columns of every table but for further metrics, in order.

    There is one for each of the ``kinds`` of degenerate answers, then one for their number.
    """
    names = [each.name for each in fields(LeaderboardRow) if each.name != "others"]
    place = names.index("degenerate")
    return (*names[:place], *kinds, "degenerate", *names[place + 2 :])


_TEXT: Final = ("name", "note", "source", "signature", "currency")
_WHOLE: Final = (
    *("rank", "n", "wins", "ties", "losses", "degenerate"),
    *("prompt_tokens", "completion_tokens"),
)
_BOOLEAN: Final = ("proxy",)


def to_frame(rows: Sequence[LeaderboardRow]) -> pd.DataFrame:
    """Return one line per row with the columns of :func:`column_names`, in the given order.

    Each further metric adds its value, under what it was asked for as, and with ``_low``,
    ``_high``, ``_n``, ``_proxy`` and ``_signature`` behind that, what belongs to it.

    Whole numbers are nullable integers, other numbers floats. Names, notes and sources are other
    people's text: where a spreadsheet would take one for a formula, an apostrophe stands first.
    """
    import pandas as pd

    columns: dict[str, pd.Series] = {}
    plain = [row.plain() for row in rows]
    kinds = dict.fromkeys(kind for row in rows for kind in row.degenerate)
    for column in column_names(kinds):
        values: list[Any] = [each.get(column) for each in plain]
        if column in _TEXT:
            columns[column] = pd.Series([neutralize(text) for text in values], dtype="str")
        elif column in _WHOLE or column in kinds:
            columns[column] = pd.Series(values, dtype="Int64")
        elif column in _BOOLEAN:
            columns[column] = pd.Series(values, dtype="bool")
        else:
            columns[column] = pd.Series(values, dtype="str" if column == "kind" else "float64")
    for name in _other_names(rows):
        columns |= _of_other(name, [row.others.get(name) for row in rows])
    return pd.DataFrame(columns)


def _other_names(rows: Sequence[LeaderboardRow]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row.others))


def _of_other(name: str, scores: Sequence[Score | None]) -> dict[str, pd.Series]:
    import pandas as pd

    def column(attribute: str, dtype: str) -> pd.Series:
        return pd.Series([getattr(each, attribute, None) for each in scores], dtype=dtype)

    return {
        name: column("value", "float64"),
        f"{name}_low": column("low", "float64"),
        f"{name}_high": column("high", "float64"),
        f"{name}_n": column("n", "Int64"),
        f"{name}_proxy": pd.Series(
            [None if each is None else each.proxy is not None for each in scores], dtype="boolean"
        ),
        f"{name}_signature": column("signature", "str"),
    }


def render(
    rows: Sequence[LeaderboardRow], *, title: str | None = None, baseline: str | None = None
) -> Table:
    """Return the leaderboard as a table for the terminal; columns without a value are left out.

    ``baseline`` names what the differences are against.
    """
    return _table(rows, [*_columns(baseline), *_REMARKS], title)


def render_more(rows: Sequence[LeaderboardRow]) -> Table | None:
    """Return what the leaderboard has no room for, such as public scores and further metrics.

    None where there is nothing of it.
    """
    columns: list[_Column | _OtherColumn] = [*_MORE]
    columns += [_OtherColumn(name) for name in _other_names(rows)]
    if not any(any(column.cells(rows)) for column in columns):
        return None
    return _table(rows, [_NAME, *columns], None)


def _table(
    rows: Sequence[LeaderboardRow], columns: Sequence[_Column | _OtherColumn], title: str | None
) -> Table:
    from rich.box import SIMPLE
    from rich.table import Table
    from rich.text import Text

    shown = [column for column in columns if any(column.cells(rows))]
    table = Table(title=Text(one_line(title)) if title else None, box=SIMPLE, padding=(0, 1, 0, 0))
    for column in shown:
        table.add_column(
            Text(one_line(column.title)),
            justify="left" if column.left else "right",
            no_wrap=not column.left,
            overflow="fold",
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
    mark: str = ""
    """What is shown instead of a value that is there."""

    def cells(self, rows: Sequence[LeaderboardRow]) -> list[str]:
        return [self._cell(row) for row in rows]

    def _cell(self, row: LeaderboardRow) -> str:
        values = [getattr(row, name) for name in self.fields]
        if all(value is None for value in values):
            return ""
        if any(isinstance(value, float) and isnan(value) for value in values):
            return UNDEFINED
        return self.mark or self.between.join(self._text(value) for value in values)

    def _text(self, value: str | float | None) -> str:
        if value is None:
            return "-"
        if isinstance(value, str):
            return one_line(value)
        if isinstance(value, int):
            return str(value)
        return f"{value:{'+' if self.signed else ''}.{self.digits}f}"


@dataclass(frozen=True)
class _OtherColumn:
    title: str
    left: bool = False

    def cells(self, rows: Sequence[LeaderboardRow]) -> list[str]:
        found = (row.others.get(self.title) for row in rows)
        return ["" if each is None else _with_mark(each) for each in found]


def _with_mark(score: Score) -> str:
    return f"{score.value:.4f}{' proxy' if score.proxy else ''}"


_NAME: Final = _Column("name", ("name",), left=True)

_MORE: Final = (
    _Column("public part", ("public_low", "public_high"), between=" … ", digits=3),
    _Column("organizer", ("public", "private"), between=" / "),
    _Column("expected", ("expected",)),
    _Column("95%", ("expected_low", "expected_high"), between=" … ", digits=3),
    _Column("degenerate", ("any_degenerate",)),
    _Column("seconds", ("seconds",), digits=1),
    _Column("tokens in/out", ("prompt_tokens", "completion_tokens"), between="/"),
    _Column("cost", ("money",)),
    _Column("", ("currency",), left=True),
)

_REMARKS: Final = (
    _Column("", ("proxy",), left=True, mark="proxy"),
    _Column("note", ("note",), left=True),
    _Column("source", ("source",), left=True),
)


def _columns(baseline: str | None) -> tuple[_Column, ...]:
    against = f"vs {one_line(baseline)}" if baseline else "difference"
    return (
        _Column("#", ("rank",)),
        _NAME,
        _Column("kind", ("kind",), left=True),
        _Column("score", ("score",)),
        _Column("95%", ("low", "high"), between=" … ", digits=3),
        _Column("n", ("n",)),
        _Column(against, ("difference",), signed=True),
        _Column("95%", ("difference_low", "difference_high"), signed=True, between=" … ", digits=3),
        _Column("p", ("p_value",)),
        _Column("p Holm", ("p_adjusted",)),
        _Column("detectable", ("detectable",)),
        _Column("win/tie/loss", ("wins", "ties", "losses"), between="/"),
    )
