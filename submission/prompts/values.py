"""A row as templates see it: texts as they are, lists and objects with their structure.

Every text passes through a ``change`` on its way into a template, wherever it stands.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    MappingView,
    ValuesView,
)
from typing import SupportsIndex

from submission.errors import few
from submission.tables.json_text import JsonText

Change = Callable[[str], str]


class Array(list[object]):
    """A list that prints as JSON; one that is a whole cell prints as the cell is written."""

    def __init__(self, values: Iterable[object], text: str | None = None) -> None:
        super().__init__(values)
        self._text = text

    def __str__(self) -> str:
        return json_text(list(self)) if self._text is None else self._text

    def __getitem__(self, place: SupportsIndex | slice) -> object:  # type: ignore[override]
        found = super().__getitem__(place)
        return Array(found) if isinstance(place, slice) else found  # type: ignore[arg-type]


class Object(dict[str, object]):
    """An object that prints as JSON."""

    def __str__(self) -> str:
        return json_text(dict(self))


class Members(Mapping[str, object]):
    """The columns of a row, or those within one object of it.

    ``row["input.text"]`` and ``row.input.text`` are the same column. A cell that is a list or an
    object in its file is one here; every other cell is text.
    """

    def __init__(self, cells: Mapping[str, str], change: Change, prefix: str = "") -> None:
        self._cells, self._change, self._prefix = cells, change, prefix

    def __getitem__(self, name: str) -> object:
        column = f"{self._prefix}{name}"
        if column in self._cells:
            return _cell(self._cells[column], self._change)
        inner = f"{column}."
        if any(each.startswith(inner) for each in self._cells):
            return Members(self._cells, self._change, inner)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        if not self._prefix:
            return iter(self._cells)
        start = len(self._prefix)
        within = (name[start:] for name in self._cells if name.startswith(self._prefix))
        return iter(dict.fromkeys(name.partition(".")[0] for name in within))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __str__(self) -> str:
        return json_text(self)

    @property
    def place(self) -> str:
        """What a template calls it."""
        return f"row.{self._prefix}".removesuffix(".")


def shown(value: object, change: Change) -> object:
    """A value with its texts changed, and with lists and objects that print as JSON."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list | tuple):
        return Array([shown(each, change) for each in value])
    if isinstance(value, dict):
        return Object((change(name), shown(each, change)) for name, each in value.items())
    return value


def json_text(value: object, indent: int | None = None) -> str:
    """``value`` as JSON, its letters as they are."""
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)


def printed(value: object) -> object:
    """What ``{{ value }}`` prints: never the Python of a list, an object, a truth value or none."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Array | Object | Members):
        return str(value)
    # A view of an object, and what a filter goes through, are lists to a template.
    listed = isinstance(value, list | tuple | dict | range | MappingView | Iterator)
    return json_text(value) if listed else value


def texts(cells: Iterable[str]) -> Iterator[str]:
    """The cells, and the texts within those that hold JSON, as a template may print them."""
    for cell in cells:
        yield cell
        # Without a backslash, what is within stands in the cell as it is.
        if "\\" in cell:
            try:
                found = json.loads(cell)
            except (ValueError, RecursionError):
                continue
            yield from texts(_leaves(found))


def unknown(holder: object, name: object) -> str | None:
    """What to say where ``holder`` has no member ``name``; None where it never has members."""
    if isinstance(holder, str):
        return f"a text has no attribute {name!r}; a cell that holds JSON is read with | fromjson"
    if isinstance(holder, list):
        return f"a list has no attribute {name!r}; its elements may"
    if not isinstance(holder, Mapping):
        return None
    columns = list(map(str, holder))
    names = dict.fromkeys([*columns, *(each.partition(".")[0] for each in columns)])
    near = difflib.get_close_matches(str(name), names, n=3)
    listed = few([*near, *(each for each in columns if each not in near)]) or "none"
    place = holder.place if isinstance(holder, Members) else "the object"
    return f"{place} has no attribute {name!r}; it has {listed}"


def _cell(cell: str, change: Change) -> object:
    found = shown(cell.value if isinstance(cell, JsonText) else cell, change)
    return Array(found, change(cell)) if isinstance(found, Array) else found


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, range | KeysView | ValuesView | ItemsView | Iterator):
        return list(value)
    return str(value)


def _leaves(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _leaves(each)
