"""How often each record is to stand in the output, so that categories weigh the same."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median_low
from typing import Literal

from baselines.corpus.origin import chance
from baselines.corpus.record import Record

Way = Literal["none", "cap", "oversample"]


@dataclass(frozen=True, slots=True)
class Quota:
    """Of a category: every record stands ``times`` times, and those up to ``below`` once more."""

    times: int
    below: int

    def of(self, rank: int) -> int:
        """How often the record with this rank is there."""
        return self.times + (rank <= self.below)


def rank(seed: int, record: Record) -> int:
    """The place of a record in the random order of its category."""
    return chance(seed, "balance", record.id)


@dataclass(frozen=True)
class Balance:
    """The quota of each category."""

    seed: int
    quotas: Mapping[str, Quota]
    rows: Mapping[str, int]
    """How many records each category had."""
    target: int

    @classmethod
    def of(
        cls, records: Iterable[Record], way: Way, wanted: int | None, most: int, seed: int
    ) -> Balance:
        """Count ``records``; eight bytes are kept of each.

        ``wanted`` is the number of records of a category: by default that of the median category
        for ``cap``, and that of the largest for ``oversample``, where none stands more than
        ``most`` times.
        """
        ranks: dict[str, array[int]] = {}
        for record in records:
            ranks.setdefault(record.category, array("Q")).append(rank(seed, record))
        sizes = {name: len(found) for name, found in ranks.items()}
        if wanted is None and sizes:
            wanted = median_low(sizes.values()) if way == "cap" else max(sizes.values())
        quotas = {
            name: _quota(sorted(found), wanted or 0, most if way == "oversample" else 1)
            for name, found in ranks.items()
        }
        if way == "oversample":
            quotas = {
                name: quota if quota.times else Quota(1, -1) for name, quota in quotas.items()
            }
        return cls(seed, quotas, sizes, wanted or 0)

    def times(self, record: Record) -> int:
        """How often ``record`` is to be there: not at all, once, or with copies."""
        return self.quotas[record.category].of(rank(self.seed, record))


def _quota(ranks: list[int], wanted: int, most: int) -> Quota:
    times, more = divmod(wanted, len(ranks))
    if times >= most:
        return Quota(most, -1)
    return Quota(times, ranks[more - 1] if more else -1)
