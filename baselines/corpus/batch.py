"""What a step makes of some records: those it kept, those it dropped and why, and samples."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import msgspec

from baselines.corpus.record import Record

MOST_SAMPLES = 5
"""Samples kept of one kind."""


class Dropped(msgspec.Struct, frozen=True):
    """A record that a step left out: ``reason`` is one of a few, ``detail`` is about this one."""

    reason: str
    detail: str
    record: Record


class Problem(msgspec.Struct, frozen=True):
    """What could not be read: the file, the place in it, and what to do."""

    file: str
    place: str
    message: str


class Sample(msgspec.Struct, frozen=True):
    """One text before and after a step; ``kind`` names the change, or why the text went."""

    kind: str
    id: str
    field: str
    before: str
    after: str


@dataclass(slots=True)
class Batch:
    """What a step made of some records, in their order.

    ``counts`` say what happened (``changed``, ``urls removed``); dropped records are counted under
    their reason by themselves.
    """

    kept: list[Record] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    samples: list[Sample] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def drop(self, record: Record, reason: str, detail: str = "") -> None:
        """Leave ``record`` out."""
        self.dropped.append(Dropped(reason, detail, record))

    def sample(self, kind: str, record_id: str, name: str, before: str, after: str) -> None:
        """Keep a sample, if there are few of its kind."""
        if sum(each.kind == kind for each in self.samples) < MOST_SAMPLES:
            self.samples.append(Sample(kind, record_id, name, before, after))
