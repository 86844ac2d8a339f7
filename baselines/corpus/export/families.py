"""Which records were made from one another, without keeping their texts."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from baselines.corpus.origin import chance

Numbers = NDArray[np.uint64]


class Links:
    """Ids and the parents that they name, collected while records pass by: 16 bytes a link."""

    def __init__(self) -> None:
        self._one, self._other = array("Q"), array("Q")

    def add(self, record_id: str, parents: Sequence[str]) -> None:
        """Note what a record was made from."""
        own = chance(record_id)
        for parent in parents:
            self._one.append(own)
            self._other.append(chance(parent))

    def families(self) -> Families:
        """All that hang together, directly or through others."""
        return Families.of(
            np.frombuffer(self._one, dtype=np.uint64), np.frombuffer(self._other, dtype=np.uint64)
        )


@dataclass(frozen=True, eq=False)
class Families:
    """A number for each record that is related to another; records that are not stand alone."""

    ids: Numbers
    names: Numbers

    @classmethod
    def of(cls, one: Numbers, other: Numbers) -> Self:
        """The families of the links between ``one`` and ``other``."""
        from scipy.sparse import coo_matrix
        from scipy.sparse.csgraph import connected_components

        ids, places = np.unique(np.concatenate([one, other]), return_inverse=True)
        if not len(ids):
            return cls(ids, ids)
        ends = places.reshape(2, -1)
        ones = np.ones(ends.shape[1], dtype=bool)
        graph = coo_matrix((ones, (ends[0], ends[1])), shape=(len(ids), len(ids)))
        count, labels = connected_components(graph, directed=False)
        # Named by the smallest of its members' numbers, whatever else is in the file.
        names = np.full(count, np.iinfo(np.uint64).max, dtype=np.uint64)
        np.minimum.at(names, labels, ids)
        return cls(ids, names[labels])

    def name(self, record_id: str) -> str:
        """What all members of the record's family have in common; empty for one that is alone."""
        number = self.number(record_id)
        return "" if number is None else f"{number:016x}"

    def number(self, record_id: str) -> int | None:
        """The same as a number."""
        own = np.uint64(chance(record_id))
        place = int(np.searchsorted(self.ids, own))
        if place == len(self.ids) or self.ids[place] != own:
            return None
        return int(self.names[place])
