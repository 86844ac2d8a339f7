"""What the beginning of a JSON file shows of it: its first rows, as far as they are there."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

import ijson  # type: ignore[import-untyped]
import msgspec
from ijson.common import ObjectBuilder  # type: ignore[import-untyped]

from baselines.corpus.readers.layouts.scan import BOM

Whole = bool
_LINES = 6
"""Lines that are looked at; the last may be cut."""


@lru_cache(maxsize=4)
def glimpse(head: bytes) -> tuple[Any, Whole]:
    """The value that ``head`` begins, as far as it goes; None for what is no object or list."""
    data = in_utf8(head.removeprefix(BOM)).lstrip()
    if data[:1] not in (b"{", b"["):
        return None, False
    try:
        return msgspec.json.decode(data), True
    except msgspec.DecodeError:
        return _part(data), False


def rows_by_line(head: bytes) -> list[Any]:
    """The first objects of a file with an object on each line."""
    found = []
    for line in in_utf8(head.removeprefix(BOM)).splitlines()[:_LINES]:
        try:
            found.append(msgspec.json.decode(line))
        except msgspec.DecodeError:
            continue
    return found


def _part(data: bytes) -> Any:
    builder = ObjectBuilder()
    try:
        for event, value in ijson.basic_parse(io.BytesIO(data), use_float=True):
            builder.event(event, value)
    except ijson.JSONError:
        pass
    return getattr(builder, "value", None)


def in_utf8(data: bytes) -> bytes:
    """``data`` in UTF-8, made of CP949 where it is not; a character cut at its end is left out."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3:
            return data[: error.start]
    else:
        return data
    try:
        return data.decode("cp949").encode()
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 1:
            return data[: error.start].decode("cp949").encode()
        return data
