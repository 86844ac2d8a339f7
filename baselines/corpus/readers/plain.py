"""Plain text: a document per file, or per block between blank lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import (
    Problems,
    piece_text,
    pieces_by_paragraph,
    read_piece,
    read_whole,
    tell,
    whole,
)
from baselines.corpus.readers.sheet import suffix
from baselines.corpus.record import Record, Source, meta
from submission.errors import InputError
from submission.tables.text import unwritable

MOST_TEXT = 64 << 20
"""Bytes of a file that is one document."""
_SUFFIXES = frozenset({".txt", ".text", ".md"})
_BLANK = re.compile(r"\n[^\S\n]*\n\s*")
_EMPTY = "holds no text; remove the file"


@dataclass(frozen=True)
class PlainText:
    """A text file is one document; its first line, where a blank line follows, is the title."""

    name: str = "text"
    about: str = "plain text, a document per file"

    def recognizes(self, member: Member, head: bytes) -> str | None:
        """By its name, and by what is no text."""
        if suffix(member) not in _SUFFIXES or b"\0" in head:
            return None
        return f"its name ends with {suffix(member)}"

    def pieces(self, member: Member) -> Sequence[Piece]:
        """The file."""
        return whole(member)

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:
        """One record."""
        try:
            data = read_whole(member, MOST_TEXT)
            text = _clean(piece_text(member, piece, data).content).strip()
        except InputError as error:
            tell(problems, member, "", error)
            return
        if not text:
            tell(problems, member, "", f"{member.name}: {_EMPTY}")
            return
        title, blank, _ = text.partition("\n\n")
        yield Record(
            id=f"{self.name}:{member.name}",
            source=Source(self.name, member.name, ""),
            task="document",
            documents=(text,),
            meta=meta({"title": title if blank and "\n" not in title else ""}),
        )


@dataclass(frozen=True)
class TextBlocks:
    """A text file holds documents with blank lines between them; only where it is asked for."""

    name: str = "text-blocks"
    about: str = "plain text, a document per block between blank lines"

    def recognizes(self, member: Member, head: bytes) -> str | None:  # noqa: ARG002
        """Never: a file does not say that it is meant this way."""
        return None

    def pieces(self, member: Member) -> Sequence[Piece]:
        """Bytes that end behind a blank line."""
        return pieces_by_paragraph(member)

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:
        """A record for each block."""
        try:
            text = _clean(piece_text(member, piece, read_piece(member, piece)).content)
        except InputError as error:
            tell(problems, member, f"from byte {piece.start:,}", error)
            return
        at = 0
        for match in [*_BLANK.finditer(text), None]:
            end = match.start() if match else len(text)
            if block := text[at:end].strip():
                line = piece.first + text.count("\n", 0, at) + 1
                yield Record(
                    id=f"{self.name}:{member.name}:{line}",
                    source=Source(self.name, member.name, f"line {line}"),
                    task="document",
                    documents=(block,),
                )
            at = match.end() if match else end


def _clean(text: str) -> str:
    if problem := unwritable(text):
        raise InputError(problem)
    return text.replace("\r\n", "\n").replace("\r", "\n")
