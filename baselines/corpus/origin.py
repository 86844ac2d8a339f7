"""What a record was made from, and numbers drawn by a record's id."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
import xxhash

from baselines.corpus.record import Record, meta

PARENTS = "parents"
"""The key in ``meta`` for the ids of all parents, where a record has more than one."""


def child(parents: Sequence[Record], kind: str, number: int, **new: Any) -> Record:
    """A record made of others: ``ID~kind-n`` by the first, which is its parent, with what is new.

    What it was made of beside the first stands in ``meta``.
    """
    first = parents[0]
    facts = {key: value for key, value in first.facts().items() if key != PARENTS}
    if len(parents) > 1:
        facts[PARENTS] = [each.id for each in parents]
    return msgspec.structs.replace(
        first,
        id=f"{first.id}~{kind}-{number}",
        parent=first.id,
        meta=meta(facts),
        **new,
    )


def parents_of(record: Record) -> list[str]:
    """The ids of what a record was made from, which need not be records themselves."""
    found = [record.parent] if record.parent else []
    if f'"{PARENTS}"' in record.meta:
        listed = json.loads(record.meta).get(PARENTS)
        if isinstance(listed, list):
            found.extend(str(each) for each in listed)
    return list(dict.fromkeys(found))


def origins(records: Iterable[Record]) -> Iterator[str]:
    """For each record what it was read from, as far as these records say it."""
    known: dict[str, str] = {}
    for record in records:
        found = known.get(record.parent, record.parent) or record.id
        known[record.id] = found
        yield found


def chance(*names: object) -> int:
    """A number of 64 bits that depends on ``names`` alone: the same in every process."""
    return xxhash.xxh3_64_intdigest("\0".join(map(str, names)).encode())
