"""Values in a row: by the name of a column, or by a path in a JSON object.

``a.b`` is a member of a member, ``a[].b`` that of every element of a list, ``a[0]`` the first. A
name behind which ``?`` stands may be missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from submission.errors import InputError

_STEP = re.compile(r"(?P<name>[^\[\]]*)(?P<marks>(?:\[\d*\])*)")
_MARK = re.compile(r"\[(\d*)\]")


class MissingError(InputError):
    """A path leads to nothing: the part of it that is not there, and what is there."""

    def __init__(self, path: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"'{path}' is missing")
        self.path = path
        self.name = name
        self.known = known


def values_at(row: Mapping[str, Any], path: str) -> Iterator[Any]:
    """Every value that ``path`` leads to; raises :class:`MissingError` where it leads to none."""
    path, optional = (path[:-1], True) if path.endswith("?") else (path, False)
    if path in row:
        yield row[path]
        return
    found: list[Any] = [row]
    for name, marks in steps(path):
        after: list[Any] = []
        for value in found:
            if name:
                if not isinstance(value, Mapping) or name not in value:
                    if optional:
                        continue
                    known = list(value) if isinstance(value, Mapping) else []
                    raise MissingError(path, name, known)
                value = value[name]
            after.extend(_elements(path, value, marks, optional=optional))
        found = after
    yield from found


def _elements(
    path: str, value: Any, marks: Sequence[int | None], *, optional: bool
) -> Iterator[Any]:
    values = [value]
    for mark in marks:
        if any(not isinstance(each, list) for each in values):
            kinds = next(type(each).__name__ for each in values if not isinstance(each, list))
            raise InputError(f"'{path}': a list is expected, not {kinds}; change the path")
        if mark is None:
            values = [each for one in values for each in one]
        else:
            if not optional and any(mark >= len(each) for each in values):
                raise InputError(f"'{path}': the list has no element {mark}")
            values = [each[mark] for each in values if mark < len(each)]
    yield from values


@lru_cache(maxsize=1024)
def steps(path: str) -> tuple[tuple[str, tuple[int | None, ...]], ...]:
    """The names of a path, each with the lists behind it: None for every element."""
    found = []
    for part in path.split("."):
        match = _STEP.fullmatch(part)
        if match is None or not part:
            raise InputError(f"'{path}' is no path: write a.b, a[].b or a[0].b")
        marks = tuple(int(each) if each else None for each in _MARK.findall(match["marks"]))
        found.append((match["name"], marks))
    return tuple(found)


def texts_at(row: Mapping[str, Any], paths: Sequence[str]) -> tuple[str, ...]:
    """The texts that all paths lead to, none of them empty; the elements of lists each."""
    found = []
    for path in paths:
        for value in values_at(row, path):
            for each in value if isinstance(value, list) else [value]:
                text = as_text(path, each)
                if text and not text.isspace():
                    found.append(text)
    return tuple(found)


def joined_texts(row: Mapping[str, Any], paths: Sequence[str]) -> str:
    """The same as one text, a line each."""
    return "\n".join(texts_at(row, paths))


def text_at(row: Mapping[str, Any], path: str | None) -> str:
    """The text that one path leads to; of several, a line each."""
    return "" if path is None else joined_texts(row, (path,))


def as_text(path: str, value: Any) -> str:
    """A value as text; raises :class:`InputError` for one that is none."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    kind = "an object" if isinstance(value, Mapping) else "a list in a list"
    raise InputError(f"'{path}' leads to {kind}, not to a text; name a path inside it")
