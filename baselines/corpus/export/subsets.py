"""Nested subsets of rows, and rows for validation that none of them knows."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.corpus.export.families import Families
from baselines.corpus.origin import chance
from submission.errors import InputError

VALIDATION = "validation"
_LARGE = 4
"""A family of more than this part of the validation rows is only taken where others are few."""


class RowIndex:
    """What is known of each row without its texts: 20 bytes a row."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._ranks, self._records = array("Q"), array("Q")
        self._categories = array("I")
        self._codes: dict[str, int] = {}

    def add(self, row_id: str, record_id: str, category: str) -> None:
        """Note the next row."""
        self._ranks.append(chance(self._seed, "subset", row_id))
        self._records.append(chance(record_id))
        self._categories.append(self._codes.setdefault(category, len(self._codes)))

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
        taken = _families_for(order, family, validation)
        held = np.isin(family, taken)
        chosen[order[held[order]][:validation]] = True
    left = order[~held[order]]
    if validation and chosen.sum() < validation:
        raise InputError(f"--validation {validation}: there are only {len(index):,} rows")
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


def _families_for(
    order: NDArray[np.int64], family: NDArray[np.uint64], wanted: int
) -> NDArray[np.uint64]:
    """Families in the order of their first rows until they have as many rows as are wanted."""
    names, first, counts = np.unique(family[order], return_index=True, return_counts=True)
    by_turn = np.argsort(first)
    small = counts[by_turn] <= max(1, wanted // _LARGE)
    ordered = np.concatenate([by_turn[small], by_turn[~small]])
    enough = int(np.searchsorted(np.cumsum(counts[ordered]), wanted)) + 1
    taken: NDArray[np.uint64] = names[ordered[:enough]]
    return taken


def numbers(rows: NDArray[np.bool_]) -> Iterator[bool]:
    """Whether each row is in, one after the other."""
    return iter(rows.tolist())
