"""A long JSON array in pieces of whole rows, in bounded memory, whatever its rows hold.

A piece is cut where the last separator of two rows seems to be, and is right if it parses as an
array: a parser that begins between two rows and ends behind a whole one is between two rows again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.layouts.stored import read

PIECE = 2 << 20
"""Bytes of rows that are worked on at once."""
MOST = 1 << 30
"""Bytes of one row, or of what stands before the rows."""
LONGEST_ROW = 64 << 20
"""Bytes after which a row that does not end is taken for one that is no JSON."""
_FIRST = 64 << 10
_TRIES = 12

_SPACE = re.compile(rb"[ \t\r\n]*+")
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_PLAIN = re.compile(rb"[^\s,\[\]{}\":]++")
_MARK = re.compile(rb'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
_BETWEEN = re.compile(rb'\s*+,\s*+\{\s*+"(?:[^"\\]++|\\.)*+"')
_COMMA = re.compile(rb"\s*+,")
BOM = b"\xef\xbb\xbf"

raws: Callable[[bytes], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode


CUT_OFF = "the file ends inside it, so it is cut off: download it again"


class NotJsonError(Exception):
    """A file cannot be read; why, in words."""


class CutShortError(Exception):
    """The bytes end before the value does."""


class MalformedError(Exception):
    """The bytes are no JSON; where, and why."""

    def __init__(self, at: int, why: str) -> None:
        super().__init__(why)
        self.at = at


@dataclass(frozen=True)
class Opening:
    """Where the rows of an array begin, and what stands between the first two."""

    start: int
    separator: bytes | None


def opening(member: Member, name: str) -> Opening | None:
    """Where the array ``name`` of the file begins ("" for a file that is one); None: nowhere.

    Raises :class:`NotJsonError` where the file is none up to there.
    """
    size = _FIRST
    while True:
        data = read(member, 0, size)
        try:
            start = _array(data, name)
            return None if start is None else Opening(start, _separator(data, start))
        except CutShortError:
            if len(data) < size or size >= MOST:
                raise NotJsonError(CUT_OFF) from None
            size *= 4
        except MalformedError as error:
            raise NotJsonError(f"is not valid JSON near byte {error.at:,}: {error}") from None


def _array(data: bytes, name: str) -> int | None:
    at = _space(data, len(BOM) if data.startswith(BOM) else 0)
    if not name:
        return at + 1 if data[at : at + 1] == b"[" else None
    if data[at : at + 1] != b"{":
        return None
    at = _space(data, at + 1)
    while data[at : at + 1] != b"}":
        end = _end(data, at)
        key = data[at:end]
        at = _space(data, end)
        if data[at : at + 1] != b":":
            raise MalformedError(at, "a colon is missing")
        at = _space(data, at + 1)
        if key == b'"%b"' % name.encode():
            return at + 1 if data[at : at + 1] == b"[" else None
        at = _space(data, _end(data, at))
        if data[at : at + 1] == b",":
            at = _space(data, at + 1)
        elif data[at : at + 1] != b"}":
            raise MalformedError(at, "a comma is missing")
    return None


def _space(data: bytes, at: int) -> int:
    found = _SPACE.match(data, at)
    end = found.end() if found else at
    if end >= len(data):
        raise CutShortError
    return end


def _end(data: bytes, at: int) -> int:
    """Where the value that begins at ``at`` ends."""
    first = data[at : at + 1]
    if first in b"[{":
        depth = 0
        for mark in _MARK.finditer(data, at):
            found = mark[0]
            if found in (b"[", b"{"):
                depth += 1
            elif found in (b"]", b"}"):
                depth -= 1
                if not depth:
                    return mark.end()
        raise CutShortError
    match = (_STRING if first == b'"' else _PLAIN).match(data, at)
    if match is None:
        if first == b'"':
            raise CutShortError
        raise MalformedError(at, f"{first.decode('latin-1')!r} is out of place")
    if match.end() >= len(data):
        raise CutShortError
    return match.end()


def _separator(data: bytes, start: int) -> bytes | None:
    """What ends a row and begins the next: ``}, {"sn"``."""
    try:
        end = _end(data, _space(data, start))
    except (CutShortError, MalformedError):
        return None
    between = _BETWEEN.match(data, end)
    return data[end - 1 : between.end()] if between else None


def pieces(member: Member, found: Opening) -> Iterator[Piece]:
    """The rows in pieces of about ``PIECE`` bytes; what is no JSON is in a piece all the same."""
    at, first, size = found.start, 0, PIECE
    while at < member.size:
        block = read(member, at, at + size)
        if block.lstrip()[:1] == b"]":
            return
        if at + len(block) >= member.size:
            end, there = _last(block)
            if there:
                yield Piece(at, at + end, first)
            return
        cut = _cut(block, found.separator)
        if cut is None and size < MOST:
            size *= 2
            continue
        end, rows = cut or (len(block), 1)
        yield Piece(at, at + end, first)
        first += rows
        comma = _COMMA.match(block, end)
        at += comma.end() if comma else end
        size = PIECE


def count_rows(block: bytes, end: int) -> int:
    """How many rows ``block`` is up to ``end``: 0 where it is not whole rows and commas."""
    try:
        return len(raws(b"".join((b"[", memoryview(block)[:end], b"]"))))
    except msgspec.DecodeError:
        return 0


def _cut(block: bytes, separator: bytes | None) -> tuple[int, int] | None:
    """Where the last whole row in ``block`` ends, and how many rows that is; None: it has none."""
    end = last = -1 if separator is None else block.rfind(separator)
    for _ in range(_TRIES):
        if end < 0 or separator is None:
            break
        if rows := count_rows(block, end + 1):
            return end + 1, rows
        end = block.rfind(separator, 0, end)
    # Separators are not to be told from what is inside rows, or there is something that is no JSON.
    end, first_is_whole = _walked(block)
    if rows := count_rows(block, end):
        return end, rows
    if separator is None or last < 0 or not (first_is_whole or len(block) >= LONGEST_ROW):
        return None
    return last + 1, 1 + block.count(separator, 0, last)


def _walked(block: bytes) -> tuple[int, bool]:
    """Where the last row ends behind which something is, and whether there is any row."""
    end = at = 0
    try:
        while True:
            at = _end(block, _space(block, at))
            after = _space(block, at)
            follows = block[after : after + 1]
            if follows not in (b",", b"]"):
                return end, True
            end, at = at, after + 1
            if follows == b"]":
                return end, True
    except CutShortError:
        return end, end > 0
    except MalformedError:
        return end, True


def _last(block: bytes) -> tuple[int, bool]:
    """Where the rows end in the last block of a file, and whether there are any."""
    end = len(block)
    for _ in range(_TRIES):
        end = block.rfind(b"]", 0, end)
        if end < 0:
            break
        if not block[:end].strip():
            return end, False
        if count_rows(block, end):
            return end, True
    end, _ = _walked(block)
    if count_rows(block, end) and block[end:].lstrip()[:1] == b"]":
        return end, True
    return _ending(block), bool(block.strip())


def _ending(block: bytes) -> int:
    """The same where a row is no JSON: before what ends the file, if it is not cut off."""
    end = block.rfind(b"]")
    for start in (b"[", b'{"":['):
        try:
            msgspec.json.decode(start + block[end:])
        except msgspec.DecodeError:
            continue
        return end
    return len(block)
