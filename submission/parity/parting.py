"""Where two completions of the same prompt part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import takewhile
from typing import Any, Literal, NamedTuple

from submission.engines.base import EngineContext, unhashed
from submission.engines.checkpoint import Checkpoint
from submission.errors import InputError
from submission.recipes import Recipe

SHOWN = 40
"""Characters of each text that are shown around the place where they part."""


class Units(NamedTuple):
    """What completions are counted in, and how a text is split into it."""

    name: Literal["token", "character"]
    split: Callable[[str], Sequence[object]]


class Parting(NamedTuple):
    """A prompt that was completed in two ways.

    ``place`` is the first unit that differs, from 1; where one completion is the beginning of the
    other, that after its end. ``shared`` is the end of the common beginning, ``first`` and
    ``second`` are what follows it.
    """

    id: str
    part: int
    sample: int
    place: int
    shared: str
    first: str
    second: str


def units_of(recipe: Recipe) -> Units:
    """The tokens of the recipe's model; characters where it has no tokenizer on this machine."""
    if recipe.model is None:
        return Units("character", list)
    try:
        tokenizer: Any = Checkpoint(EngineContext(recipe, hash_file=unhashed)).tokenizer
    except InputError:
        return Units("character", list)
    return Units("token", lambda text: tokenizer.encode(text, add_special_tokens=False))


def part_at(first: str, second: str, units: Units) -> tuple[int, str, str, str]:
    """Place, shared end and both continuations of two texts that differ; as :class:`Parting`."""
    same = _common(first, second)
    place = _common(units.split(first), units.split(second)) + 1
    ends = (first[same : same + SHOWN], second[same : same + SHOWN])
    return place, first[max(0, same - SHOWN) : same], *ends


def _common(first: Sequence[object], second: Sequence[object]) -> int:
    pairs = zip(first, second, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
