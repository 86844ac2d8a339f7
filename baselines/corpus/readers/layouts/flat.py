"""A short cut for rows that hold their texts under plain names, such as those of translations.

A function is written out for the shape and compiled, as dataclasses do: a million rows are read
about twice as fast as by asking for each field. What it reads is what
:class:`~baselines.corpus.readers.layouts.shaping.Shaped` reads; a row that is not as most are is
left to that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from baselines.corpus.readers.layouts.schema import GUESSED, Case, DataSet, Fields, Shape
from baselines.corpus.readers.layouts.values import Look, Places
from baselines.corpus.readers.layouts.variants import MISSING, Variants
from baselines.corpus.record import Record, Source

Short = Callable[[Any, str, str], Record | None]
"""From a row, its file and its place to its record; None for a row that is left to others."""
_TEXTS = ("id", "document", "question", "summary", "answers")


def short_cut(
    data_set: DataSet, shape: Shape, places: Places, readings: Sequence[Fields]
) -> Short | None:
    """None for a shape with lists or objects in its rows, or more than a text in a field."""
    cases = [case for case in readings if isinstance(case, Case)]
    plain = not shape.each and not shape.stem and all(map(_is_plain, readings))
    if not plain or any(name not in places.slots for case in cases for name in case.when):
        return None
    looks = {
        f"look_{number}": _first([places.looks(steps) for steps in variants.paths])
        for number, variants in enumerate(shape.meta.values())
    }
    made_of = (
        f"id={data_set.name + ':'!r} + id, source=Source({data_set.name!r}, file, place), "
        f"task={shape.task!r}, documents=documents, question=question, summary=summary, "
        f"answers=answers, language=language, licence={data_set.terms!r}, category=category, "
        "meta=str(encode(facts), 'utf-8') if facts else '{}'"
    )
    lines = [
        "def record(row, file, place):",
        *_texts(places, readings[0], cases),
        *_facts(places, shape),
        f"    return Record({made_of})",
    ]
    names: dict[str, Any] = {
        "Record": Record,
        "Source": Source,
        "UNSET": msgspec.UNSET,
        "MISSING": MISSING,
        "nulls": frozenset(shape.nulls),
        "encode": msgspec.json.Encoder().encode,
        **looks,
    }
    exec(compile("\n".join(lines), f"<layout {data_set.name}>", "exec"), names)  # noqa: S102
    made: Short = names["record"]
    return made


def _texts(places: Places, usual: Fields, cases: Sequence[Case]) -> Iterator[str]:
    for name in dict.fromkeys(name for case in cases for name in case.when):
        yield f"    value = row.{places.slots[name]}"
        yield "    if not (type(value) is str or value is UNSET or value is None): return None"
    for number, case in enumerate(cases):
        asked = [_condition(f"row.{places.slots[n]}", wanted) for n, wanted in case.when.items()]
        yield f"    {'elif' if number else 'if'} {' and '.join(asked)}:"
        yield from (f"        {line}" for line in _fields(places, case))
    yield "    else:" if cases else "    if True:"
    yield from (f"        {line}" for line in _fields(places, usual))


def _condition(value: str, wanted: str | bool) -> str:
    there = f"({value} is not UNSET and {value} is not None and {value} not in nulls)"
    if isinstance(wanted, str):
        return f"{there} and {value} == {wanted!r}"
    return there if wanted else f"not {there}"


def _fields(places: Places, fields: Fields) -> Iterator[str]:
    for name in _TEXTS:
        given = getattr(fields, name)
        variants = given[0] if isinstance(given, tuple) and given else given
        if not variants:
            yield f"{name} = ''"
            continue
        yield f"{name} = row.{places.slots[str(variants.paths[0][0])]}"
        yield (
            f"if type({name}) is not str or len({name}) < 6 and {name} in nulls"
            f" or {name}.isspace(): return None"
        )
    yield "documents = (document,) if document else ()"
    yield "answers = (answers,) if answers else ()"
    yield f"language = {fields.language or 'ko'!r}"
    if fields.category is None:
        yield "category = ''"
        return
    yield f"category = row.{places.slots[str(fields.category.paths[0][0])]}"
    yield "if category is UNSET: category = ''"
    yield "elif type(category) is not str or category in nulls or category.isspace(): return None"


def _facts(places: Places, shape: Shape) -> Iterator[str]:
    yield "    facts = {}"
    for number, (name, variants) in enumerate(shape.meta.items()):
        if _is_name(variants):
            yield f"    value = row.{places.slots[str(variants.paths[0][0])]}"
        else:
            yield f"    value = look_{number}((row,), 0)"
        yield "    if type(value) is str:"
        yield f"        if len(value) > 5 or value not in nulls: facts[{name!r}] = value"
        yield (
            "    elif value is not UNSET and value is not None and value is not MISSING"
            f" and value != [] and value != {{}}: facts[{name!r}] = value"
        )


def _first(looks: Sequence[Look]) -> Look:
    """The first of several that leads to something."""

    def look(scopes: tuple[Any, ...], same: int) -> Any:
        for each in looks:
            value = each(scopes, same)
            if value is not MISSING and value not in (None, "", [], {}):
                return value
        return MISSING

    return look


def _is_plain(fields: Fields) -> bool:
    several = (fields.dialogue, fields.documents, fields.options, fields.ranked, fields.earlier)
    if any(each is not None for each in several) or len(fields.id) != 1 or len(fields.question) > 1:
        return False
    if not (fields.language is None or isinstance(fields.language, str)):
        return False
    texts = (*fields.id, *fields.question, fields.document, fields.summary, fields.answers)
    known = [each for each in texts if each is not None]
    category = [fields.category] if fields.category else []
    return (
        fields.language != GUESSED
        and not any(each.optional for each in known)
        and all(map(_is_name, [*known, *category]))
    )


def _is_name(variants: Variants) -> bool:
    paths = variants.paths
    return len(paths) == 1 and len(paths[0]) == 1 and isinstance(paths[0][0], str)
