"""Sets that are alike to a set, all of them and exactly, by prefixes of rare members.

Two sets of Jaccard similarity t share a member among the |x| - ceil(t |x|) + 1 rarest of each
(Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from baselines.corpus.similarity.text import Shingles, jaccard

Key = TypeVar("Key", bound=Hashable)


class SetIndex(Generic[Key]):
    """Sets under keys, to be asked for those with at least ``threshold`` in common.

    ``often`` says how often members occur: the rarest are looked for. What it leaves out counts as
    rare.
    """

    def __init__(self, threshold: float, often: Counter[int]) -> None:
        self._threshold = threshold
        self._often = often
        self._by_member: defaultdict[int, list[int]] = defaultdict(list)
        self._sets: list[tuple[Key, Shingles]] = []

    def __len__(self) -> int:
        return len(self._sets)

    def add(self, key: Key, members: Shingles) -> None:
        """Hold a set."""
        for member in self._prefix(members):
            self._by_member[member].append(len(self._sets))
        self._sets.append((key, members))

    def alike(self, members: Shingles) -> Iterator[tuple[Key, float]]:
        """Every set that is alike, with its similarity, in the order in which they were added."""
        size, least = len(members), self._threshold
        found = {place for member in self._prefix(members) for place in self._by_member[member]}
        for place in sorted(found):
            key, held = self._sets[place]
            if min(size, len(held)) >= least * max(size, len(held)):
                similarity = jaccard(members, held)
                if similarity >= least:
                    yield key, similarity

    def _prefix(self, members: Shingles) -> list[int]:
        size = len(members)
        # A hair less than the threshold, as floats are.
        length = size - math.ceil(self._threshold * size - 1e-9) + 1
        ordered = sorted(members.tolist(), key=lambda member: (self._often[member], member))
        return ordered[:length]
