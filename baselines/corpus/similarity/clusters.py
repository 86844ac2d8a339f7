"""Records that are alike as clusters, of each of which one stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Pair(NamedTuple):
    """Two records (their numbers, the smaller first), how alike they are, and by what measure."""

    first: int
    second: int
    similarity: float
    measure: str


@dataclass
class Clusters:
    """Who is alike: ``kept`` names for each record that goes the one that stays in its place."""

    members: list[list[int]] = field(default_factory=list)
    """Records of each cluster, ascending, the one that stays first."""
    kept: dict[int, int] = field(default_factory=dict)
    cut: int = 0
    """Clusters that were larger than the cap."""


def clusters(pairs: Iterable[Pair], rank: Callable[[int], Any], cap: int) -> Clusters:
    """The clusters that ``pairs`` make; the member of the lowest ``rank`` stays.

    A chain of pairs may join records that are not alike at all. In a cluster of more than ``cap``
    records a record therefore goes only where it is alike to one that stays: several may stay.
    """
    pairs = list(pairs)
    parent: dict[int, int] = {}

    def root(number: int) -> int:
        parent.setdefault(number, number)
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    for pair in pairs:
        one, other = root(pair.first), root(pair.second)
        parent[max(one, other)] = min(one, other)
    grouped: defaultdict[int, list[int]] = defaultdict(list)
    for number in sorted(parent):
        grouped[root(number)].append(number)
    found = Clusters()
    large = {number for group in grouped.values() if len(group) > cap for number in group}
    alike = _neighbours(pair for pair in pairs if pair.first in large)
    for group in grouped.values():
        ordered = sorted(group, key=lambda number: (rank(number), number))
        if len(group) <= cap:
            _keep(found, ordered[0], ordered[1:])
            continue
        found.cut += 1
        done: set[int] = set()
        for stays in ordered:
            if stays in done:
                continue
            go = alike[stays] - done
            done |= {stays, *go}
            if go:
                _keep(found, stays, go)
    return found


def _keep(found: Clusters, stays: int, go: Iterable[int]) -> None:
    gone = sorted(go)
    found.members.append([stays, *gone])
    found.kept.update(dict.fromkeys(gone, stays))


def _neighbours(pairs: Iterable[Pair]) -> Mapping[int, set[int]]:
    alike: defaultdict[int, set[int]] = defaultdict(set)
    for pair in pairs:
        alike[pair.first].add(pair.second)
        alike[pair.second].add(pair.first)
    return alike
