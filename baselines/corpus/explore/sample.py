"""A sample of the records: those whose ids hash lowest with the seed, whatever their order."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import NamedTuple

from baselines.corpus.explore.rules import hashed
from baselines.corpus.record import Record

LONGEST = 1000
"""Characters of a text that are looked at; a field of several texts counts by its first."""


class Sampled(NamedTuple):
    """What is kept of a record: the beginnings of its texts, and how long they are in full."""

    id: str
    category: str
    texts: dict[str, str]
    lengths: dict[str, int]


class Sample:
    """At most ``most`` records, the same for the same records and seed."""

    def __init__(self, most: int, seed: int) -> None:
        self._most = most
        self._seed = seed
        self._heap: list[tuple[int, int, Sampled]] = []
        self._seen = 0

    def add(self, records: Sequence[Record]) -> None:
        """Look at some records."""
        for record in records:
            self._seen += 1
            # Negative, as the heap gives up its smallest.
            rank = -hashed(f"{self._seed}\0{record.id}")
            if len(self._heap) < self._most:
                heapq.heappush(self._heap, (rank, -self._seen, _sampled(record)))
            elif rank > self._heap[0][0]:
                heapq.heapreplace(self._heap, (rank, -self._seen, _sampled(record)))

    @property
    def whole(self) -> bool:
        """Whether it holds every record."""
        return self._seen == len(self._heap)

    def rows(self) -> list[Sampled]:
        """The records, in an order that depends on their ids and the seed alone."""
        return [each for _, _, each in sorted(self._heap, key=lambda entry: (-entry[0], entry[1]))]


def _sampled(record: Record) -> Sampled:
    texts = {
        "document": record.documents[0] if record.documents else "",
        "question": record.question,
        "summary": record.summary,
        "answer": record.answers[0] if record.answers else "",
    }
    return Sampled(
        record.id,
        record.category,
        {name: text[:LONGEST] for name, text in texts.items() if text},
        {name: len(text) for name, text in texts.items() if text},
    )
