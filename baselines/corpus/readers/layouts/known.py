"""The layouts of JSON data sets: each recognized by its names and by what its rows hold."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import cast

from baselines.corpus.batch import Problem
from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import Problems, pieces_by_line
from baselines.corpus.readers.layouts import scan
from baselines.corpus.readers.layouts.fitting import (
    HEAD,
    LINES,
    LONG_HEAD,
    Fit,
    fit_shape,
    is_lines,
    plain,
)
from baselines.corpus.readers.layouts.glimpse import glimpse, rows_by_line
from baselines.corpus.readers.layouts.reading import TO_DO, rows_of
from baselines.corpus.readers.layouts.schema import DataSet
from baselines.corpus.readers.layouts.shaping import Shaped
from baselines.corpus.readers.layouts.stored import read
from baselines.corpus.record import Record
from submission.errors import InputError
from submission.files.toml import read_toml, validate


@dataclass(frozen=True, eq=False)
class JsonLayout:
    """A data set of JSON files."""

    data_set: DataSet

    @property
    def name(self) -> str:
        """``aihub-97``."""
        return self.data_set.name

    @property
    def about(self) -> str:
        """What it is called."""
        return self.data_set.title

    @cached_property
    def _shaped(self) -> tuple[Shaped, ...]:
        return tuple(Shaped(self.data_set, shape) for shape in self.data_set.shapes)

    def recognizes(self, member: Member, head: bytes) -> str | None:
        """By what the first rows hold; its name tells it from others of the same shape."""
        fit = self.fit(member, head)
        return fit.why if fit else None

    def fit(self, member: Member, head: bytes, *, told: bool = False) -> Fit | None:
        """How well a file fits, at best; where it is ``told`` to, it may lack what rows need."""
        lines = is_lines(member.name)
        start = rows_by_line(head) if lines else glimpse(head)[0]
        if not start:
            return None
        alias = self._alias(member.name)
        fits = (
            fit
            for number, shape in enumerate(self.data_set.shapes)
            if (alias or told or not shape.by_name)
            for rows in ((LINES,) if lines else shape.rows)
            if (fit := fit_shape(number, shape, rows, start, alias, told=told))
        )
        return max(fits, default=None)

    def _alias(self, name: str) -> str:
        found = [each for each in self.data_set.aliases if plain(each) in plain(name)]
        return max(found, key=len, default="")

    def pieces(self, member: Member) -> Sequence[Piece]:
        """Rows of about 2 MiB together; a file that is no array of rows as a whole."""
        shaped, rows = self._shape(member)
        if rows == LINES:
            return pieces_by_line(member, scan.PIECE)
        if rows and not shaped.shape.columnar:
            found = _opening(member, rows.removesuffix("[]"))
            if found is not None:
                return tuple(scan.pieces(member, found)) or (Piece(found.start, found.start, 0),)
        return (Piece(0, member.size, 0),)

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:
        """The records of the rows in a piece."""
        shaped, rows = self._shape(member)

        def lost(place: str, why: str) -> None:
            if problems is None:
                where = ", ".join(filter(None, (member.name, place)))
                raise InputError(f"{where}: {why}. {TO_DO}")
            problems(Problem(member.name, place, f"{why}. {TO_DO}"))

        short, name = shaped.short_cut, member.name
        for place, row in rows_of(member, piece, rows, shaped, lost):
            if short is not None and (record := short(row, name, place)) is not None:
                yield record
            else:
                yield from shaped.records(row, name, place, lost)

    def _shape(self, member: Member) -> tuple[Shaped, str]:
        fit = _best(self, cast("Hashable", member))
        if fit is not None:
            return self._shaped[fit.shape], fit.rows
        usual = LINES if is_lines(member.name) else self.data_set.shapes[0].rows[0]
        return self._shaped[0], usual


def _opening(member: Member, name: str) -> scan.Opening | None:
    try:
        return scan.opening(member, name)
    except scan.NotJsonError:  # is said when the file is read
        return None


@lru_cache(maxsize=256)
def _best(layout: JsonLayout, held: Hashable) -> Fit | None:
    member = cast("Member", held)
    for size in (HEAD, LONG_HEAD):
        head = read(member, 0, size)
        if fit := layout.fit(member, head):
            return fit
    return layout.fit(member, head, told=True)


@lru_cache(maxsize=1)
def json_layouts() -> tuple[JsonLayout, ...]:
    """The layouts that are declared beside this file."""
    return tuple(map(layout_file, sorted(Path(__file__).parent.glob("*.toml"))))


def layout_file(path: Path) -> JsonLayout:
    """A layout from its file; raises :class:`InputError` with everything that is wrong in it."""
    return JsonLayout(validate(DataSet, read_toml(path), str(path)))
