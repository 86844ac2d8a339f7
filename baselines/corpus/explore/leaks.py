"""Records that nearly equal a record of a test file."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from baselines.corpus.explore.rules import normalized
from baselines.corpus.record import Record
from baselines.corpus.similarity.joins import SetIndex
from baselines.corpus.similarity.text import shingles

LIMIT: Final = 0.8
MOST_SHOWN: Final = 50
LONGEST: Final = 120
"""Characters of a text that are shown."""


class Leak(msgspec.Struct, frozen=True):
    """A record and the record of the test file that it is most like."""

    id: str
    test_id: str
    similarity: float
    text: str
    test_text: str


class Leaks(msgspec.Struct, frozen=True):
    """What of a test file is in a corpus."""

    test: str
    test_records: int
    compared: int
    """Records of the corpus that have a text to compare."""
    equal: int
    near: int
    """Records that are not equal, but over the limit."""
    test_records_met: int
    limit: float
    shown: tuple[Leak, ...]


class LeakCounter:
    """The texts of a test file, in memory, and what of them was met."""

    def __init__(self, name: str, records: Iterable[Record], limit: float = LIMIT) -> None:
        self._name = name
        self._limit = limit
        self._tests: list[tuple[str, str]] = []
        self._exact: dict[str, int] = {}
        sets = []
        often: Counter[int] = Counter()
        for place, record in enumerate(records):
            text = compared_text(record)
            made = normalized(text)
            self._exact.setdefault(made, place)
            sets.append(shingles(made))
            often.update(sets[-1].tolist())
            self._tests.append((record.id, text[:LONGEST]))
        self._index: SetIndex[int] = SetIndex(limit, often)
        for place, members in enumerate(sets):
            self._index.add(place, members)
        self._compared = self._equal = self._near = 0
        self._met: set[int] = set()
        self._best: list[tuple[float, int, Leak]] = []

    def add(self, records: Sequence[Record]) -> None:
        """Compare some records."""
        for record in records:
            text = compared_text(record)
            made = normalized(text)
            if not made:
                continue
            self._compared += 1
            alike = dict(self._index.alike(shingles(made)))
            if made in self._exact:
                self._equal += 1
                self._note(record, text, self._exact[made], 1.0)
            elif alike:
                self._near += 1
                place = max(alike, key=lambda each: (alike[each], -each))
                self._note(record, text, place, alike[place])
            self._met.update(alike)

    def _note(self, record: Record, text: str, place: int, similarity: float) -> None:
        test_id, test_text = self._tests[place]
        leak = Leak(record.id, test_id, similarity, text[:LONGEST], test_text)
        entry = (similarity, -self._compared, leak)
        if len(self._best) < MOST_SHOWN:
            heapq.heappush(self._best, entry)
        else:
            heapq.heappushpop(self._best, entry)

    def found(self) -> Leaks:
        """What was met, the most alike first."""
        return Leaks(
            self._name,
            len(self._tests),
            self._compared,
            self._equal,
            self._near,
            len(self._met),
            self._limit,
            tuple(leak for _, _, leak in sorted(self._best, key=lambda e: (-e[0], -e[1]))),
        )


def compared_text(record: Record) -> str:
    """The question of a record, or its first document where it has none."""
    return record.question or (record.documents[0] if record.documents else "")
