"""How well the beginning of a file fits a shape."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from baselines.corpus.readers.layouts.glimpse import glimpse, rows_by_line
from baselines.corpus.readers.layouts.schema import DataSet, Shape
from baselines.corpus.readers.layouts.variants import MISSING, Variants, find, kind_of, steps_of
from submission.errors import few

HEAD = 256 << 10
"""Bytes of a file that are looked at to recognize it."""
LONG_HEAD = 4 << 20
"""The same where its first row is longer."""
_LOOKED_AT = 5


LINES = "lines"
"""In place of the path of the rows: the file has an object on each line."""


class Fit(NamedTuple):
    """How well a file fits a shape; the greatest is taken."""

    content: bool
    name: int
    """The length of the alias that its name has."""
    details: int
    shape: int
    rows: str
    why: str


def fit_shape(
    number: int, shape: Shape, rows: str, start: Any, alias: str, *, told: bool
) -> Fit | None:
    """How well a file that begins with ``start`` fits; None where it does not."""
    found = _rows(start, rows, shape)
    if not found:
        return None
    there = [_leads(found, path) for path in shape.has]
    needs = [any(_leads(found, name) for name in each.names) for each in _needed(shape)]
    if any(_leads(found, path) for path in shape.lacks):
        return None
    content = all(there) and all(needs)
    if not content and not told and not (alias and any(there or [True])):
        return None
    shown = [_last(path) for path in shape.has or _asked(shape)]
    where = "each line holds" if rows == LINES else f"{rows} holds" if rows else "it holds"
    reasons = []
    if content:
        reasons.append(f"{where} {few(dict.fromkeys(shown))}")
    if alias:
        reasons.append(f"its name has '{alias}'")
    return Fit(content, len(alias), sum(there) + sum(needs), number, rows, " and ".join(reasons))


def _needed(shape: Shape) -> Iterator[Variants]:
    fields = shape.fields
    for each in (*fields.id, fields.document, fields.documents, *fields.question, fields.summary):
        if each is not None and not each.optional:
            yield each
    if fields.answers is not None and not fields.answers.optional:
        yield fields.answers
    if fields.dialogue is not None:
        yield fields.dialogue.turns
    if fields.ranked is not None:
        yield from map(Variants.of, fields.ranked.among[:2])


def _rows(start: Any, rows: str, shape: Shape) -> list[dict[str, Any]]:
    """The first rows that are there, none where the file has no such rows."""
    if shape.columnar and rows != LINES:
        if not isinstance(start, dict) or not all(isinstance(v, dict) for v in start.values()):
            return []
        return [{name: next(iter(column.values()), None) for name, column in start.items()}]
    found = find(start, steps_of(rows)[:-1]) if rows not in ("", "[]", LINES) else start
    if rows == LINES:
        found = start
    if rows == "":
        found = [found]
    if not isinstance(found, list):
        return []
    return [row for row in found[:_LOOKED_AT] if isinstance(row, dict)]


def _leads(rows: Sequence[dict[str, Any]], path: str) -> bool:
    return any(find(row, steps_of(path)) is not MISSING for row in rows)


def is_lines(name: str) -> bool:
    """Whether a file of that name has an object on each line."""
    return name.lower().endswith((".jsonl", ".ndjson"))


@lru_cache(maxsize=1024)
def plain(name: str) -> str:
    """A name without spaces and marks, so that ``한국어 대화_요약`` is ``한국어대화요약``."""
    composed = unicodedata.normalize("NFC", name).casefold()
    return "".join(each for each in composed if each.isalnum())


def unknown(name: str, head: bytes, data_sets: Sequence[DataSet]) -> str:
    """Why no shape fits: what the file holds, and the shape that lacks least."""
    lines = is_lines(name)
    start = rows_by_line(head) if lines else glimpse(head)[0]
    if start is None:
        return "it is of no format that is known here"
    holds = few([f"'{name}'" for name in start]) if isinstance(start, dict) and start else ""
    seen = f"it is {kind_of(start)} of JSON" + (f" with {holds}" if holds else "")
    lacking = [
        (len(lacks), data_set.name, rows, lacks)
        for data_set in data_sets
        for shape in data_set.shapes
        for rows in ((LINES,) if lines else shape.rows)
        if (found := _rows(start, rows, shape))
        and (lacks := [path for path in _asked(shape) if not _leads(found, path)])
    ]
    if not lacking:
        return seen
    _, name, rows, lacks = min(lacking)
    return f"{seen}; the nearest layout is {name}, for which {rows or 'it'} lacks {few(lacks)}"


def _last(path: str) -> str:
    """The end of a path, which names it well enough."""
    return f"'{path.removesuffix('.text').rpartition('.')[2]}'"


def _asked(shape: Shape) -> Iterator[str]:
    yield from shape.has
    yield from (each.names[0] for each in _needed(shape))
