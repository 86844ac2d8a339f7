"""The rows of a piece, each with its place; what is no row is told, and left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import count
from typing import Any

import msgspec

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.layouts import scan
from baselines.corpus.readers.layouts.fitting import LINES
from baselines.corpus.readers.layouts.glimpse import in_utf8
from baselines.corpus.readers.layouts.shaping import Shaped, Tell
from baselines.corpus.readers.layouts.stored import read
from submission.errors import InputError

TO_DO = "Correct the file, or go on without such places: --keep-going"
_BEGINNING = 64 << 10
"""Bytes that show in which encoding a piece is."""
_BYTE = re.compile(r" \(byte (\d+)\)")


def rows_of(
    member: Member, piece: Piece, rows: str, shaped: Shaped, tell: Tell
) -> Iterator[tuple[str, Any]]:
    """The rows in ``piece``, decoded as the type of the shape."""
    name = rows.removesuffix("[]")
    if rows == LINES:
        return _lines(member, piece, shaped, tell)
    if shaped.shape.columnar:
        return _columns(member, shaped, tell)
    if not rows:
        return _whole(member, shaped, tell)
    if piece.start and piece.stop > piece.start:
        return _array(member, piece, name, shaped, tell)
    if piece.start:
        tell(name, f"{f'{name!r}' if name else 'the file'} is an empty list")
    else:
        tell("", _no_array(member, name))
    return iter(())


def _lines(member: Member, piece: Piece, shaped: Shaped, tell: Tell) -> Iterator[tuple[str, Any]]:
    data = in_utf8(read(member, piece.start, piece.stop).removeprefix(scan.BOM))
    if not data.strip():
        tell("", "holds no rows")
    for number, line in enumerate(data.split(b"\n"), start=piece.first + 1):
        if not line.strip():
            continue
        place = f"line {number}"
        try:
            yield place, shaped.row(line)
        except msgspec.ValidationError:
            tell(place, "is not an object")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            tell(place, _why(error, piece.start, last=False))


def _no_array(member: Member, name: str) -> str:
    try:
        scan.opening(member, name)
    except scan.NotJsonError as error:
        return str(error)
    return f"'{name}' is missing, or no list" if name else "the file is no list"


def _array(
    member: Member, piece: Piece, name: str, shaped: Shaped, tell: Tell
) -> Iterator[tuple[str, Any]]:
    data = b"".join((b"[", read(member, piece.start, piece.stop), b"]"))
    if in_utf8(beginning := data[:_BEGINNING]) is not beginning:  # a key in CP949 is no error
        data = in_utf8(data)
    try:
        rows = shaped.rows(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _one_by_one(member, piece, in_utf8(data), name, shaped, tell)
    return zip(map(f"{name}[{{}}]".format, count(piece.first)), rows, strict=False)


def _one_by_one(
    member: Member, piece: Piece, data: bytes, name: str, shaped: Shaped, tell: Tell
) -> Iterator[tuple[str, Any]]:
    at = piece.start
    for number, raw in enumerate(_split(member, data, name), start=piece.first):
        place = f"{name}[{number}]"
        try:
            yield place, shaped.row(raw)
        except msgspec.ValidationError:
            tell(place, "is not an object")
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            tell(place, _why(error, at, last=at + len(raw) >= member.size - 1))
        at += len(raw) + 1


def _split(member: Member, data: bytes, name: str) -> list[bytes]:
    try:
        return [bytes(raw) for raw in scan.raws(data)]
    except (msgspec.DecodeError, UnicodeDecodeError):
        inside = data[1:-1]
        found = scan.opening(member, name)
        separator = found.separator if found else None
        if separator is None:
            return [inside]
        parts = inside.split(separator)
        opens = separator[separator.index(b"{") :]
        return [
            (opens if number else b"") + part + (b"}" if number < len(parts) - 1 else b"")
            for number, part in enumerate(parts)
        ]


def _why(error: Exception, start: int, *, last: bool) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "is text in no encoding that is known (UTF-8, CP949)"
    message = str(error)
    if "truncated" in message and last:
        return scan.CUT_OFF
    byte = _BYTE.search(message)
    where = f" near byte {start + int(byte[1]):,} of the file" if byte else ""
    return f"is not valid JSON{where}: {_BYTE.sub('', message)}"


def _whole(member: Member, shaped: Shaped, tell: Tell) -> Iterator[tuple[str, Any]]:
    data = _all_of(member)
    try:
        yield "", shaped.row(data)
    except msgspec.ValidationError:
        tell("", "is not an object")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        tell("", f"the file {_why(error, 0, last=True)}")


def _columns(member: Member, shaped: Shaped, tell: Tell) -> Iterator[tuple[str, Any]]:
    try:
        columns = msgspec.json.decode(_all_of(member), type=dict[str, dict[str, msgspec.Raw]])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        tell("", _why(error, 0, last=True))
        return
    if not any(columns.values()):
        tell("", "holds no rows")
    keys = dict.fromkeys(key for column in columns.values() for key in column)
    for key in keys:
        row = {name: column[key] for name, column in columns.items() if key in column}
        yield f"*.{key}", shaped.row(msgspec.json.encode(row))


def _all_of(member: Member) -> bytes:
    if member.size > scan.MOST:
        raise InputError(
            f"{member.name}: is {member.size:,} bytes long; a file of this shape is read as a "
            f"whole, up to {scan.MOST:,}. Write it as JSON lines, a row on each"
        )
    return in_utf8(read(member, 0, member.size).removeprefix(scan.BOM))
