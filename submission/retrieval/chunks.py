"""Documents in chunks of whole sentences, with an overlap."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from pydantic import Field

from submission.files.digest import digest
from submission.recipes.base import Conflict, Table
from submission.retrieval.documents import Document
from submission.retrieval.tokens import sentences

_HEADING = re.compile(r"^(?:#{1,6}[ \t]+(.+)|(제\s?\d+\s?[장절조][^\n]{0,60}))$", re.MULTILINE)


class Chunking(Table):
    """How long a chunk is and what it repeats of the one before, in characters or tokens.

    Chunks end where sentences do (by Kiwi); a sentence longer than ``size`` is cut. Tokens are
    those of the encoder.
    """

    size: int = Field(default=1000, ge=20, le=100_000)
    overlap: int = Field(default=200, ge=0)
    unit: Literal["characters", "tokens"] = "characters"
    sentences: bool = True

    def conflicts(self) -> Iterator[Conflict]:
        """An overlap that leaves no room for anything new."""
        if self.overlap >= self.size:
            yield Conflict("overlap", f"must be smaller than size, {self.size}")


def embedded(title: str, heading: str, text: str) -> str:
    """What is searched of a chunk: title and heading, where there are any, and the text."""
    return "\n".join(filter(None, (title, heading, text)))


def document_of(chunk: str) -> str:
    """The id of the document that a chunk of this id is of."""
    return chunk.rpartition("#")[0]


class Chunk(NamedTuple):
    """A part of a document, from ``start`` to ``end`` of its characters.

    ``key`` identifies what is embedded, ``digest`` everything that an index keeps of it.
    """

    id: str
    document: str
    number: int
    start: int
    end: int
    text: str
    title: str
    heading: str
    category: str
    meta: str

    @property
    def embedded(self) -> str:
        """What is searched of it."""
        return embedded(self.title, self.heading, self.text)

    @property
    def key(self) -> str:
        """Identifies :attr:`embedded`."""
        return digest([self.embedded])

    @property
    def digest(self) -> str:
        """Identifies the chunk with all that is kept of it."""
        return digest([str(each) for each in self])


Length = Callable[[str], int]
"""How long a text is, in the unit of the chunks."""


def chunks_of(
    document: Document, chunking: Chunking, meta: str = "{}", length: Length = len
) -> Iterator[Chunk]:
    """The chunks of a document, in their order, each of at most ``chunking.size``.

    Together they hold every character of it, but for white space around them. Without
    ``chunking.sentences`` they end anywhere.
    """
    text = document.text
    headings = [(match.start(), match[1] or match[2]) for match in _HEADING.finditer(text)]
    for number, (start, end) in enumerate(_spans(text, chunking, length)):
        heading = next((name for at, name in reversed(headings) if at < start), "")
        begin = end - len(text[start:end].lstrip())
        shown = text[begin:end].rstrip()
        yield Chunk(
            f"{document.id}#{number}",
            document.id,
            number,
            begin,
            begin + len(shown),
            shown,
            document.title,
            heading.strip(),
            document.category,
            meta,
        )


def _spans(text: str, chunking: Chunking, length: Length) -> Iterator[tuple[int, int]]:
    if length(text) <= chunking.size:
        yield 0, len(text)
        return
    units = sentences(text) if chunking.sentences else [(0, len(text))]
    pieces = [piece for unit in units for piece in _cut(text, unit, chunking, length)]
    sizes = [length(text[start:end]) for start, end in pieces]
    first, last, total = 0, 0, 0
    while last < len(pieces):
        if total == 0 or total + sizes[last] <= chunking.size:
            total += sizes[last]
            last += 1
            continue
        yield pieces[first][0], pieces[last - 1][1]
        # As many of its last pieces again as the overlap holds, and the next still fits behind.
        kept, again = 0, last
        while again > first + 1:
            more = kept + sizes[again - 1]
            if more > chunking.overlap or more + sizes[last] > chunking.size:
                break
            kept, again = more, again - 1
        first, total = again, kept
    if total:
        yield pieces[first][0], pieces[-1][1]


def _cut(
    text: str, unit: tuple[int, int], chunking: Chunking, length: Length
) -> Iterator[tuple[int, int]]:
    """A sentence, in parts if it is longer than a chunk: at spaces, else anywhere.

    Parts are short enough for the overlap to be made of them.
    """
    start, end = unit
    whole = chunking.sentences and length(text[start:end]) <= chunking.size
    if whole:
        yield unit
        return
    most = max(chunking.overlap // 2, chunking.size // 10, 1)
    while start < end:
        stop = min(start + most, end)
        while stop - start > 1 and length(text[start:stop]) > most:
            stop = start + (stop - start) // 2
        if stop < end and (space := text.rfind(" ", start, stop)) > start:
            stop = space + 1
        yield start, stop
        start = stop
