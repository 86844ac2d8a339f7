"""Counters that see every record once, in memory that does not grow with the texts."""

from __future__ import annotations

import math
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import msgspec
import numpy as np

from baselines.corpus.explore.rules import hashed, normalized, sentences, syllables
from baselines.corpus.record import TEXT_FIELDS, Record

BLOCK: Final = 2048
EXACT: Final = 1024
"""Lengths up to here are counted as they are, longer ones in steps of a 64th of a power of 2."""

MOST_CATEGORIES: Final = 1000
OTHERS: Final = "…"
QUANTILES: Final = (0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
KEYS: Final = ("record", "question", "answers", "documents")
"""What duplicates are looked for in; a record is all of its texts."""


class Lengths(msgspec.Struct, frozen=True):
    """The distribution of the lengths of a field's texts."""

    mean: float
    shortest: int
    longest: int
    quantiles: dict[str, int]
    histogram: tuple[tuple[int, int], ...]
    """Lower end of a bin and the texts in it; bins are quarters of a power of 2."""


class Field(msgspec.Struct, frozen=True):
    """What the texts of one field come to."""

    name: str
    records: int
    texts: int
    bytes: int
    characters: int
    syllables: int
    eojeol: int
    sentences: int
    lengths: Lengths


class Category(msgspec.Struct, frozen=True):
    """The records of one category; means are characters of a text, None where there is none."""

    name: str
    records: int
    means: dict[str, float | None]


class Duplicates(msgspec.Struct, frozen=True):
    """Records that are equal in ``key``: how many there are beyond the first of each group."""

    key: str
    records: int
    groups: int
    beyond_first: int
    largest: int


class Counts:
    """The counters; ``add`` takes every record once."""

    def __init__(self) -> None:
        self.records = 0
        self.tasks: Counter[str] = Counter()
        self.languages: Counter[str] = Counter()
        self.data_sets: Counter[str] = Counter()
        self.categories: Counter[str] = Counter()
        self.lengths: dict[str, Counter[int]] = {name: Counter() for name in TEXT_FIELDS}
        self._totals: dict[str, Counter[str]] = {name: Counter() for name in TEXT_FIELDS}
        self._sums: dict[str, dict[str, list[int]]] = defaultdict(
            lambda: {name: [0, 0] for name in TEXT_FIELDS}
        )
        self._hashes = {key: array("Q") for key in KEYS}

    def add(self, records: Sequence[Record]) -> None:
        """Count some records."""
        for start in range(0, len(records), BLOCK):
            self._add(records[start : start + BLOCK])

    def _add(self, block: Sequence[Record]) -> None:
        self.records += len(block)
        for name in TEXT_FIELDS:
            self._field(name, [_texts(record, name) for record in block], block)
        for record in block:
            _count(self.tasks, record.task)
            _count(self.languages, record.language)
            _count(self.data_sets, record.source.data_set)
            for key, text in _keys(record):
                if text:
                    self._hashes[key].append(hashed(text))

    def _field(self, name: str, texts: Sequence[Sequence[str]], block: Sequence[Record]) -> None:
        flat = [text for each in texts for text in each]
        totals = self._totals[name]
        if flat:
            joined = "\n".join(flat)
            ends = len(flat) - 1
            totals["records"] += sum(1 for each in texts if each)
            totals["texts"] += len(flat)
            totals["bytes"] += len(joined.encode("utf-8", "surrogatepass")) - ends
            totals["characters"] += len(joined) - ends
            totals["syllables"] += syllables(joined)
            totals["eojeol"] += len(joined.split())
            totals["sentences"] += sentences(joined)
            totals["longest"] = max(totals["longest"], *map(len, flat))
            self.lengths[name].update(map(_rounded, map(len, flat)))
        for record, each in zip(block, texts, strict=True):
            category = record.category
            if name == TEXT_FIELDS[0]:
                category = _count(self.categories, category)
            elif category not in self.categories:
                category = OTHERS
            if each:
                sums = self._sums[category][name]
                sums[0] += len(each)
                sums[1] += sum(map(len, each))

    def fields(self) -> tuple[Field, ...]:
        """Every field that has texts."""
        return tuple(
            Field(
                name,
                totals["records"],
                totals["texts"],
                totals["bytes"],
                totals["characters"],
                totals["syllables"],
                totals["eojeol"],
                totals["sentences"],
                distribution(
                    self.lengths[name], totals["characters"] / totals["texts"], totals["longest"]
                ),
            )
            for name, totals in self._totals.items()
            if totals["texts"]
        )

    def by_category(self) -> tuple[Category, ...]:
        """The categories, the largest first."""
        return tuple(
            Category(
                name,
                count,
                {
                    field: total / texts if texts else None
                    for field, (texts, total) in self._sums[name].items()
                },
            )
            for name, count in self.categories.most_common()
        )

    def duplicates(self) -> Iterator[Duplicates]:
        """Equal records, by each key that there is."""
        for key, hashes in self._hashes.items():
            if not hashes:
                continue
            _, counts = np.unique(np.frombuffer(hashes, dtype=np.uint64), return_counts=True)
            several = counts[counts > 1]
            yield Duplicates(
                key,
                len(hashes),
                len(several),
                int(several.sum() - len(several)),
                int(counts.max()),
            )


def distribution(counted: Mapping[int, int], mean: float, longest: int) -> Lengths:
    """The distribution of lengths that were counted one by one."""
    ordered = sorted(counted.items())
    values = np.array([value for value, _ in ordered])
    reached = np.cumsum([count for _, count in ordered])
    bins: Counter[int] = Counter()
    for value, count in ordered:
        bins[bin_of(value)] += count
    return Lengths(
        mean,
        int(values[0]),
        longest,
        {
            f"{share:.0%}": int(values[np.searchsorted(reached, share * reached[-1])])
            for share in QUANTILES
        },
        tuple((lower_end(number), count) for number, count in sorted(bins.items())),
    )


def bin_of(length: int) -> int:
    """The number of the bin of a length: quarters of a power of 2."""
    return math.floor(4 * math.log2(length)) if length else -1


def lower_end(number: int) -> int:
    """The shortest length in a bin."""
    return 0 if number < 0 else math.ceil(2 ** (number / 4) - 1e-9)


def _rounded(length: int) -> int:
    if length <= EXACT:
        return length
    step = 1 << (length.bit_length() - 7)
    return length // step * step


def _texts(record: Record, name: str) -> Sequence[str]:
    value = getattr(record, name)
    if isinstance(value, str):
        return (value,) if value else ()
    return [text for text in value if text]


def _keys(record: Record) -> Iterator[tuple[str, str]]:
    """What a record is compared by, as :data:`KEYS` say."""
    texts = {name: [normalized(each) for each in _texts(record, name)] for name in TEXT_FIELDS}
    joined = {name: "\0".join(each) if any(each) else "" for name, each in texts.items()}
    yield "record", "\1".join(joined.values()) if any(joined.values()) else ""
    yield from ((key, joined[key]) for key in KEYS if key != "record")


def _count(counter: Counter[str], value: str) -> str:
    """Count a value, or that it is one of the others, once there are many; what it counted as."""
    if value not in counter and len(counter) >= MOST_CATEGORIES:
        value = OTHERS
    counter[value] += 1
    return value
