"""How far two corpora are from each other: lengths, words, categories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from baselines.corpus.explore.counts import Counts, bin_of
from baselines.corpus.explore.relations import FIELDS
from baselines.corpus.explore.rules import jensen_shannon
from baselines.corpus.explore.sample import Sampled
from baselines.corpus.explore.words import counted_words
from baselines.corpus.record import TEXT_FIELDS


class Drift(msgspec.Struct, frozen=True):
    """The divergence of one thing.

    ``by_chance`` is that of some records of the first, as many as the second has, and the rest of
    the first: more than that is a difference.
    """

    of: str
    divergence: float
    by_chance: float | None = None
    told: str = ""


def drift(
    one: Counts, other: Counts, rows: Sequence[Sampled], other_rows: Sequence[Sampled]
) -> Iterator[Drift]:
    """The divergence of everything that both have."""
    for name in TEXT_FIELDS:
        yield from _drift(
            f"lengths of {name}", _binned(one.lengths[name]), _binned(other.lengths[name])
        )
    if all(set(each.categories) > {""} for each in (one, other)):
        yield from _drift("categories", one.categories, other.categories)
    yield from _drift("tasks", one.tasks, other.tasks)
    for field in FIELDS:
        yield from _words(field, _only(rows, field), _only(other_rows, field))


def _words(field: str, rows: Sequence[Sampled], other_rows: Sequence[Sampled]) -> Iterator[Drift]:
    words, other_words = counted_words(rows), counted_words(other_rows)
    divergence = _divergence(words, other_words)
    if divergence is None:
        return
    new = sum(count for word, count in other_words.items() if word not in words)
    some = min(len(other_rows), len(rows) // 2)
    yield Drift(
        f"words of {field}",
        divergence,
        _divergence(counted_words(rows[some:]), counted_words(rows[:some])),
        f"{new / other_words.total():.1%} of the second's words are not in the first's sample",
    )


def _only(rows: Sequence[Sampled], field: str) -> list[Sampled]:
    return [row._replace(texts={field: row.texts[field]}) for row in rows if field in row.texts]


def _drift(name: str, one: Mapping[Any, int], other: Mapping[Any, int]) -> Iterator[Drift]:
    divergence = _divergence(one, other)
    if divergence is not None:
        yield Drift(name, divergence)


def _divergence(one: Mapping[Any, int], other: Mapping[Any, int]) -> float | None:
    # Sorted, so that sums of floats are the same every time.
    values = sorted({*one, *other}, key=str)
    return jensen_shannon(
        [one.get(value, 0) for value in values], [other.get(value, 0) for value in values]
    )


def _binned(lengths: Mapping[int, int]) -> Counter[int]:
    bins: Counter[int] = Counter()
    for length, count in lengths.items():
        bins[bin_of(length)] += count
    return bins
