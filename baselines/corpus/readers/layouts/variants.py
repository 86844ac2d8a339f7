"""Paths into JSON, with variants: ``answers[].text | answers.text | answer | none``.

``a.b`` is a member of a member, ``a[]`` every element of a list, ``a[0]`` one element, ``a[@]`` the
one with the number of the item that is read, ``a.*`` every member of an object. The first variant
that leads to something counts; ``none`` as the last one says that there may be nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

_PART = re.compile(r"(?P<name>[^\[\]]*)(?P<marks>(?:\[(?:\d*|@)\])*)")
_MARK = re.compile(r"\[(\d*|@)\]")


class Each(Enum):
    """Steps that are neither a name nor a number."""

    ELEMENT = "[]"
    SAME = "[@]"
    MEMBER = "*"


Step = str | int | Each
Steps = tuple[Step, ...]


_MARKS = {"": Each.ELEMENT, "@": Each.SAME}


class Missing(Enum):
    """What a path leads to where it leads to nothing."""

    MISSING = 0


MISSING = Missing.MISSING


@lru_cache(maxsize=4096)
def steps_of(path: str) -> Steps:
    """The steps of one path. Raises ValueError for what is no path."""
    found: list[Step] = []
    for part in path.split("."):
        match = _PART.fullmatch(part)
        if match is None or not part:
            raise ValueError(f"'{path}' is no path: write a.b, a[].b, a[0].b, a[@].b or a.*")
        if match["name"]:
            found.append(Each.MEMBER if match["name"] == "*" else match["name"])
        found.extend(_MARKS.get(mark) or int(mark) for mark in _MARK.findall(match["marks"]))
    return tuple(found)


@dataclass(frozen=True)
class Variants:
    """The paths that are tried, in their order."""

    text: str
    paths: tuple[Steps, ...]
    optional: bool

    @classmethod
    def of(cls, text: str) -> Variants:
        """Raises ValueError for what is no path."""
        names = [part.strip() for part in text.split(" | ")]
        optional = names[-1] == "none"
        return cls(text, tuple(map(steps_of, names[: -1 if optional else None])), optional)

    @property
    def names(self) -> tuple[str, ...]:
        """The paths as they are written, without ``none``."""
        return tuple(name for part in self.text.split(" | ") if (name := part.strip()) != "none")


def finder(steps: Steps) -> Callable[[Any, int], Any]:
    """What finds the value behind ``steps``: lists for every ``[]``, MISSING for nothing."""
    if len(steps) == 1 and isinstance(steps[0], str):
        name = steps[0]
        return lambda value, _: value.get(name, MISSING) if type(value) is dict else MISSING
    return lambda value, same: find(value, steps, same)


def find(value: Any, steps: Sequence[Step], same: int = 0) -> Any:
    """The value behind ``steps``: a list for every ``[]``, MISSING where there is nothing."""
    for n, step in enumerate(steps):
        if isinstance(step, str):
            if type(value) is not dict or step not in value:
                return MISSING
            value = value[step]
        elif step is Each.MEMBER or step is Each.ELEMENT:
            if type(value) is not (dict if step is Each.MEMBER else list):
                return MISSING
            inside = value.values() if type(value) is dict else value
            found = [find(each, steps[n + 1 :], same) for each in inside]
            kept = [each for each in found if each is not MISSING]
            return MISSING if found and not kept else kept
        else:
            number = same if step is Each.SAME else step
            if type(value) is not list or not isinstance(number, int) or number >= len(value):
                return MISSING
            value = value[number]
    return value


def explain(value: Any, steps: Sequence[Step], same: int = 0) -> str:
    """Why ``steps`` lead to nothing, in words that begin with the place."""
    place = ""
    for step in steps:
        if isinstance(step, str):
            if not isinstance(value, Mapping):
                return f"'{place}' is {kind_of(value)}, not an object"
            if step not in value:
                return f"'{place + '.' if place else ''}{step}' is missing"
            value, place = value[step], f"{place}.{step}".lstrip(".")
        elif step is Each.MEMBER:
            if not isinstance(value, Mapping) or not value:
                return f"'{place}' is {kind_of(value)}, not an object with members"
            key = next(iter(value))
            value, place = value[key], f"{place}.{key}"
        else:
            number = same if step is Each.SAME else 0 if step is Each.ELEMENT else step
            if not isinstance(value, list):
                return f"'{place}' is {kind_of(value)}, not a list"
            if not value:
                return f"'{place}' is an empty list"
            if not isinstance(number, int) or number >= len(value):
                return f"'{place}' has no element {number}"
            value, place = value[number], f"{place}[{number}]"
    return f"'{place}' is {kind_of(value)}"


def leaves(value: Any) -> Iterator[Any]:
    """The values inside lists in lists."""
    if type(value) is list:
        for each in value:
            yield from leaves(each)
    else:
        yield value


def kind_of(value: Any) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, str):
        return "text" if value.strip() else "empty text"
    if isinstance(value, int | float):
        return "a number"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "an object" if value else "an empty object"
