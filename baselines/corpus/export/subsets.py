"""Nested subsets of rows, and rows for validation that none of them knows."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.corpus.export.families import Families
from baselines.corpus.origin import chance
from submission.errors import InputError

VALIDATION = "validation"
_ALTERED = re.compile(r"~(?!answer-|joined-|row-)[a-z-]+-\d+")
"""In the id of a row that says what another does, in changed words or in the same."""

_JOINED = "~joined-"

_LEFT = 0.8
"""Share of the rows that a validation leaves for training where no sizes are asked for."""


class RowIndex:
    """What is known of each row without its texts: 21 bytes a row."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ranks, self._records = array("Q"), array("Q")
        self._categories, self._altered = array("I"), bytearray()
        self._codes: dict[str, int] = {}

    def add(self, row_id: str, record_id: str, category: str) -> None:
        """Note the next row; one of two joined questions counts for the first one's category."""
        if _JOINED in row_id:
            category = category.partition("+")[0]
        self._ranks.append(chance(self._seed, "subset", row_id))
        self._records.append(chance(record_id))
        self._categories.append(self._codes.setdefault(category, len(self._codes)))
        self._altered.append(_ALTERED.search(row_id) is not None)

    def __len__(self) -> int:
        return len(self._ranks)

    @property
    def categories(self) -> int:
        """How many different ones there are."""
        return len(self._codes)

    def order(self) -> NDArray[np.int64]:
        """The rows so that every beginning of the list has equally many of each category."""
        ranks = np.frombuffer(self._ranks, dtype=np.uint64)
        categories = np.array(self._categories, dtype=np.int64)
        by_category = np.lexsort((ranks, categories))
        sizes = np.bincount(categories)
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        turn = np.empty(len(ranks), dtype=np.int64)
        turn[by_category] = np.arange(len(ranks)) - starts
        order: NDArray[np.int64] = np.lexsort((ranks, turn))
        return order

    def unaltered_first(self, order: NDArray[np.int64]) -> NDArray[np.int64]:
        """The same rows, those last whose words are only another's changed ones."""
        altered = np.frombuffer(self._altered, dtype=np.uint8)
        return order[np.argsort(altered[order], kind="stable")]

    def families(self, families: Families) -> NDArray[np.uint64]:
        """The family of each row; a row without one is its own."""
        records = np.frombuffer(self._records, dtype=np.uint64)
        if not len(families.ids):
            return records
        places = np.minimum(np.searchsorted(families.ids, records), len(families.ids) - 1)
        return np.where(families.ids[places] == records, families.names[places], records)


@dataclass(frozen=True, slots=True)
class Subset:
    """Some rows by their numbers; ``name`` goes into the file's name, and is empty for all."""

    name: str
    rows: NDArray[np.bool_]


def subsets(
    index: RowIndex, families: Families, sizes: Sequence[int], validation: int
) -> list[Subset]:
    """The subset of each size, every larger one with the smaller ones in it, and the validation.

    What is in the validation shares no family with the others. Raises :class:`InputError` where
    there are too few rows.
    """
    order, family = index.order(), index.families(families)
    held = np.zeros(len(index), dtype=bool)
    chosen = np.zeros(len(index), dtype=bool)
    if validation:
        if validation >= len(index):
            raise InputError(f"--validation {validation}: there are only {len(index):,} rows")
        needed = max(sizes, default=int(_LEFT * len(index)))
        places = _spread(index.unaltered_first(order), family, validation, needed)
        chosen[places] = True
        held = np.isin(family, family[places])
    left = order[~held[order]]
    wanted = sorted(sizes) or [len(left)]
    if not len(left) or wanted[-1] > len(left):
        raise InputError(
            f"--sizes {wanted[-1]}: only {len(left):,} of {len(index):,} rows are left"
            + (f" beside {int(held.sum()):,} of the validation's families" if validation else "")
            + "; give smaller sizes, or more records"
        )
    made = []
    for size in wanted:
        rows = np.zeros(len(index), dtype=bool)
        rows[left[:size]] = True
        made.append(Subset(str(size) if sizes else "", rows))
    return [*made, *([Subset(VALIDATION, chosen)] if validation else [])]


def _spread(
    order: NDArray[np.int64], family: NDArray[np.uint64], wanted: int, needed: int
) -> NDArray[np.int64]:
    """``wanted`` rows of as many families as leave the ``needed`` number of rows to others.

    Rows of one family say nearly the same, so one row of each is best; where that holds too many
    rows back, it is two of each, then four, and so on.
    """
    own = family[order]
    by_family = np.argsort(own, kind="stable")
    _, starts, counts = np.unique(own[by_family], return_index=True, return_counts=True)
    turn = np.empty(len(order), dtype=np.int64)
    turn[by_family] = np.arange(len(order)) - np.repeat(starts, counts)
    size = np.empty(len(order), dtype=np.int64)
    size[by_family] = np.repeat(counts, counts)
    most = 1
    while True:
        rows = np.flatnonzero(turn < most)
        # Family by family, in the order of their first rows.
        firsts = np.flatnonzero(turn == 0)
        taken = np.minimum(size[firsts], most).cumsum()
        enough = int(np.searchsorted(taken, wanted)) + 1
        names = own[firsts[:enough]]
        rows = rows[np.isin(own[rows], names)][:wanted]
        left = len(order) - int(size[firsts[:enough]].sum())
        if (len(rows) == wanted and left >= needed) or most >= counts.max():
            return order[rows]
        most *= 2


def numbers(rows: NDArray[np.bool_]) -> Iterator[bool]:
    """Whether each row is in, one after the other."""
    return iter(rows.tolist())
