"""Which words of two texts differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

_WORD = re.compile(r"\w")
_TOKENS = re.compile(r"\s+|\w+|[^\w\s]")

LARGEST = 50_000_000
"""Beyond this product of two lengths in words, what lies between equal ends counts as changed."""


class Segment(NamedTuple):
    """A piece of a text, and whether the other text lacks it."""

    text: str
    changed: bool


class WordDiff(NamedTuple):
    """Both texts in pieces; joined, each gives its text back."""

    first: list[Segment]
    second: list[Segment]


def word_diff(first: str, second: str) -> WordDiff:
    """The two texts with what is not in the other marked, by the longest common subsequence.

    Words, marks and white space are compared as they stand. What stands between two changes and
    holds no word is marked with them: a phrase that was replaced reads as one.
    """
    one, two = _TOKENS.findall(first), _TOKENS.findall(second)
    left: list[Segment] = []
    right: list[Segment] = []
    steps = list(_steps(one, two))
    for place, (equal, old, new) in enumerate(steps):
        inside = 0 < place < len(steps) - 1
        changed = not equal or (inside and not any(map(_WORD.match, old)))
        left += [Segment(text, changed) for text in old]
        right += [Segment(text, changed) for text in new]
    return WordDiff(_joined(left), _joined(right))


def _steps(
    one: Sequence[str], two: Sequence[str]
) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    """Alternating stretches that are equal, or differ, of both texts."""
    start = 0
    while start < min(len(one), len(two)) and one[start] == two[start]:
        start += 1
    end = 0
    while end < min(len(one), len(two)) - start and one[-1 - end] == two[-1 - end]:
        end += 1
    if start:
        yield True, one[:start], two[:start]
    yield from _middle(one[start : len(one) - end], two[start : len(two) - end])
    if end:
        yield True, one[-end:], two[-end:]


def _middle(
    one: Sequence[str], two: Sequence[str]
) -> Iterator[tuple[bool, Sequence[str], Sequence[str]]]:
    from rapidfuzz.distance import Indel

    if len(one) * len(two) > LARGEST or not (one and two):
        if one or two:
            yield False, one, two
        return
    steps = Indel.opcodes(one, two)
    for equal, group in groupby(steps, key=lambda step: step.tag == "equal"):
        members = list(group)
        first, last = members[0], members[-1]
        yield (
            equal,
            one[first.src_start : last.src_end],
            two[first.dest_start : last.dest_end],
        )


def _joined(segments: Sequence[Segment]) -> list[Segment]:
    return [
        Segment("".join(each.text for each in group), changed)
        for changed, group in groupby(segments, key=lambda each: each.changed)
    ]
