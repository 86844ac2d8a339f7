"""Values of a row as the texts of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import msgspec

from baselines.corpus.readers.layouts.variants import (
    MISSING,
    Each,
    Steps,
    Variants,
    explain,
    find,
    finder,
    kind_of,
    leaves,
)
from submission.errors import few

Scopes = tuple[Any, ...]
"""A row, and the elements of its lists down to the item that is read."""
Look = Callable[[Scopes, int], Any]


class UnreadableError(Exception):
    """Why an item makes no record: the place of the object that it is about, and the words."""

    def __init__(self, level: int, message: str) -> None:
        super().__init__(message)
        self.level = level


@dataclass(frozen=True)
class Places:
    """How the names in a row are found: the slots of its type, and the lists of its items."""

    slots: dict[str, str]
    levels: tuple[Steps, ...]

    def level(self, steps: Steps) -> int:
        """The deepest object around an item that ``steps`` lead through."""
        deepest, taken = 0, 0
        for number, prefix in enumerate(self.levels, start=1):
            if steps[taken : taken + len(prefix)] != prefix:
                break
            deepest, taken = number, taken + len(prefix)
        return deepest

    def within(self, steps: Steps) -> Steps:
        """The rest of ``steps`` behind that object."""
        return steps[sum(len(prefix) for prefix in self.levels[: self.level(steps)]) :]

    def looks(self, steps: Steps) -> Look:
        """What finds the value in the scopes of an item."""
        level, rest = self.level(steps), self.within(steps)
        if not rest:
            return lambda scopes, _: scopes[level]
        if level:
            inner = finder(rest)
            return lambda scopes, same: inner(scopes[level], same)
        slot = attrgetter(self.slots[str(rest[0])])
        if len(rest) == 1:
            return lambda scopes, _: _set(slot(scopes[0]))
        rest = rest[1:]
        return lambda scopes, same: find(slot(scopes[0]), rest, same)

    def explain(self, scopes: Scopes, steps: Steps, same: int) -> UnreadableError:
        """Why ``steps`` lead to nothing."""
        level = self.level(steps)
        around = scopes[level] if level else self.object(scopes[0])
        return UnreadableError(level, explain(around, self.within(steps), same))

    def object(self, row: Any) -> dict[str, Any]:
        """The row as an object, of which only the names that are read are known."""
        found = {name: getattr(row, slot) for name, slot in self.slots.items()}
        return {name: value for name, value in found.items() if value is not msgspec.UNSET}


def _set(value: Any) -> Any:
    return MISSING if value is msgspec.UNSET else value


class Texts:
    """The texts that the first variant with any leads to."""

    def __init__(self, variants: Variants, places: Places, nulls: frozenset[str]) -> None:
        self._variants = variants
        self._places = places
        self._nulls = nulls
        self._looks = tuple(map(places.looks, variants.paths))
        self.level = max(map(places.level, variants.paths), default=0)
        """The deepest object that a variant is in."""

    def one(self, scopes: Scopes, same: int) -> str:
        """As one text: sentences joined with spaces, paragraphs with line breaks."""
        for look in self._looks:
            value = look(scopes, same)
            if type(value) is str:
                if value not in self._nulls and not value.isspace():
                    return value
            elif value is not MISSING and (text := self._joined(value)):
                return text
        self._nothing(scopes, same)
        return ""

    def several(self, scopes: Scopes, same: int) -> tuple[str, ...]:
        """Each once."""
        for look in self._looks:
            value = look(scopes, same)
            if type(value) is str:
                if value not in self._nulls and not value.isspace():
                    return (value,)
            elif value is not MISSING:
                found = tuple(dict.fromkeys(filter(None, map(self.text, leaves(value)))))
                if found:
                    return found
        self._nothing(scopes, same)
        return ()

    def text(self, value: Any) -> str:
        """One value as text; empty for what stands for nothing."""
        if type(value) is str:
            return "" if value in self._nulls or value.isspace() else value
        if value is None:
            return ""
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        raise UnreadableError(
            self._places.level(self._variants.paths[0]),
            f"'{self._variants.names[0]}' leads to {kind_of(value)}, not to text",
        )

    def _joined(self, value: Any) -> str:
        if type(value) is not list:
            return self.text(value)
        between = "\n" if any(type(each) is list for each in value) else " "
        return between.join(filter(None, map(self._joined, value)))

    def _nothing(self, scopes: Scopes, same: int) -> None:
        if self._variants.optional:
            return
        reason = self._places.explain(scopes, self._variants.paths[0], same)
        others = self._variants.names[1:]
        if others:
            shown = few([f"'{self._within(n)}'" for n in range(1, len(others) + 1)])
            raise UnreadableError(reason.level, f"{reason}, and nothing is in its place ({shown})")
        raise reason

    def _within(self, number: int) -> str:
        return written(self._places.within(self._variants.paths[number]))


def written(steps: Sequence[Any]) -> str:
    """Steps as a path."""
    text = ""
    for step in steps:
        if isinstance(step, str):
            text += f".{step}"
        elif step is Each.MEMBER:
            text += ".*"
        else:
            text += f"[{step}]" if isinstance(step, int) else step.value
    return text.removeprefix(".")


def items(
    row: Any, places: Places, tell: Callable[[str, str], None], place: str
) -> Iterator[tuple[Scopes, tuple[str, ...], int]]:
    """The items of a row: the objects around each, their places, its number in the last list."""
    if not places.levels:
        return iter((((row,), (place,), 0),))
    return _items((row,), (place,), places, tell)


def _items(
    scopes: Scopes, wheres: tuple[str, ...], places: Places, tell: Callable[[str, str], None]
) -> Iterator[tuple[Scopes, tuple[str, ...], int]]:
    depth = len(scopes) - 1
    steps = places.levels[depth]
    around = scopes[depth] if depth else places.object(scopes[0])
    value = find(around, steps[:-1])
    if type(value) is not list or not value:
        tell(wheres[depth], explain(around, steps))
        return
    name = f"{wheres[depth]}.{written(steps[:-1])}".removeprefix(".")
    for number, element in enumerate(value):
        here = f"{name}[{number}]"
        if type(element) is not dict:
            tell(here, f"is {kind_of(element)}, not an object")
        elif depth + 1 == len(places.levels):
            yield (*scopes, element), (*wheres, here), number
        else:
            yield from _items((*scopes, element), (*wheres, here), places, tell)
