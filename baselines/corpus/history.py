"""What a corpus comes from: its data sets with their licences, and the steps that made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import msgspec

from baselines.corpus.record import Record

MOST_ORIGINS = 500
"""Origins that are told apart; pages of the web may have a licence line each."""

OTHERS = "…"
"""The data set that stands for the origins beyond those."""


class Origin(msgspec.Struct, frozen=True, order=True):
    """The records of one data set that are alike in licence, language and task."""

    data_set: str
    licence: str
    language: str
    task: str
    rows: int


class Past(msgspec.Struct, frozen=True):
    """A step that was done: with what settings, on how many records, and what came of it."""

    step: str
    identity: dict[str, Any]
    rows_in: int | None
    """None where the step read no records."""
    rows: int
    dropped: dict[str, int]
    counts: dict[str, int]
    problems: int
    digest: str
    """The digest of the records that it wrote."""


class Titles(msgspec.Struct, frozen=True):
    """What a person says about a corpus: for its card."""

    title: str = ""
    description: str = ""
    licence: str = ""
    redistribution: str = ""


def origins(records: Iterable[Record]) -> list[Origin]:
    """The origins of ``records``, counted."""
    return _counted(
        Counter((each.source.data_set, each.licence, each.language, each.task) for each in records)
    )


def together(parts: Iterable[Iterable[Origin]]) -> tuple[Origin, ...]:
    """The origins of several parts, counted."""
    found: Counter[tuple[str, str, str, str]] = Counter()
    for part in parts:
        for each in part:
            found[each.data_set, each.licence, each.language, each.task] += each.rows
        found = _few(found)
    return tuple(sorted(_counted(found)))


def _counted(found: Counter[tuple[str, str, str, str]]) -> list[Origin]:
    return [Origin(*key, rows=rows) for key, rows in _few(found).items()]


def _few(found: Counter[tuple[str, str, str, str]]) -> Counter[tuple[str, str, str, str]]:
    """The first of them; the rest under a name that stands for all."""
    if len(found) <= MOST_ORIGINS:
        return found
    kept: Counter[tuple[str, str, str, str]] = Counter()
    for place, (key, rows) in enumerate(found.items()):
        kept[key if place < MOST_ORIGINS - 1 else (OTHERS, OTHERS, OTHERS, OTHERS)] += rows
    return kept
