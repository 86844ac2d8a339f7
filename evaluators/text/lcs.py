"""Longest common subsequences: their length, and which elements belong to one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz.distance import LCSseq

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence


class Pair(NamedTuple):
    """Equal elements at these places of the two sequences."""

    left: int
    right: int


def lcs_length(left: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Return how many elements the longest common subsequence has."""
    return int(LCSseq.similarity(left, right))


def lcs_pairs(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[Pair]:
    """Return one longest common subsequence as pairs of places, in order.

    Where there are several, the one that the usual walk back through the length table reads off:
    equal elements are taken, otherwise ``right`` is shortened only if ``left`` would lose by it.
    The table is kept as one integer per row (Hyyrö 2004, Bit-parallel LCS-length computation
    revisited), whose cleared bits say where a row's length grows.
    """
    rows = _growth(left, right)
    pairs = []
    i, j = len(left), len(right)
    while i and j:
        if left[i - 1] == right[j - 1]:
            i, j = i - 1, j - 1
            pairs.append(Pair(i, j))
        elif _shorter_left_loses(rows, i, j):
            j -= 1
        else:
            i -= 1
    pairs.reverse()
    return pairs


def _growth(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[int]:
    """Bit j - 1 of row i says that length(i, j) = length(i, j - 1); i counts elements of left."""
    places: dict[Hashable, int] = {}
    for place, element in enumerate(right):
        places[element] = places.get(element, 0) | 1 << place
    full = (1 << len(right)) - 1
    row = full
    rows = [row]
    for element in left:
        matched = row & places.get(element, 0)
        row = ((row + matched) | (row - matched)) & full
        rows.append(row)
    return rows


def _shorter_left_loses(rows: Sequence[int], i: int, j: int) -> bool:
    # Lengths differ by as many set bits as the shorter row has more.
    first = (1 << j) - 1
    return (rows[i - 1] & first).bit_count() > (rows[i] & first).bit_count()
