"""What a layout is: how files of one shape are recognized, cut into pieces and read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from baselines.corpus.batch import Problem
from baselines.corpus.record import Record


class Piece(NamedTuple):
    """Bytes (or rows) of one unit of work inside a member."""

    start: int
    stop: int
    first: int
    """The number of its first row."""


class Member(Protocol):
    """A file, on disk or inside an archive; picklable."""

    @property
    def name(self) -> str:
        """The path that is shown to people: ``download.zip!a/b.json``."""
        ...

    @property
    def size(self) -> int:
        """How many bytes it holds."""
        ...

    @property
    def path(self) -> Path | None:
        """The real file, where it is not inside an archive."""
        ...

    def open(self) -> BinaryIO:
        """Its bytes, from the beginning."""
        ...


class Layout(Protocol):
    """How the files of one data set, or of one kind, are read."""

    @property
    def name(self) -> str:
        """``aihub-97``, ``korquad-1``, ``competition``, ``text``."""
        ...

    @property
    def about(self) -> str:
        """What it is, in a line."""
        ...

    def recognizes(self, member: Member, head: bytes) -> str | None:
        """Why a file that begins with ``head`` has this layout, in words, or None."""
        ...

    def pieces(self, member: Member) -> Sequence[Piece]:
        """The units of work in a file, the same every time."""
        ...

    def read(
        self, member: Member, piece: Piece, problems: Callable[[Problem], None] | None
    ) -> Iterator[Record]:
        """The records of a piece.

        What cannot be read is told to ``problems``, and the reading goes on; without it, an
        InputError is raised at the first.
        """
        ...
