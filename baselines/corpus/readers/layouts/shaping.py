"""Rows of one shape to records."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePosixPath
from typing import Any

import msgspec

from baselines.corpus.readers.layouts.flat import short_cut
from baselines.corpus.readers.layouts.schema import (
    GUESSED,
    Case,
    DataSet,
    Dialogue,
    Earlier,
    Fields,
    Languages,
    Ranked,
    Shape,
)
from baselines.corpus.readers.layouts.special import Before, Conversation, Direction, Preferences
from baselines.corpus.readers.layouts.values import Places, Scopes, Texts, UnreadableError, items
from baselines.corpus.readers.layouts.variants import (
    MISSING,
    Each,
    Step,
    Steps,
    Variants,
    steps_of,
)
from baselines.corpus.record import Record, Source

Tell = Callable[[str, str], None]
"""Takes the place of what cannot be read, and why."""

_HANGUL = re.compile("[가-힣]")
_encode = msgspec.json.Encoder().encode


class Shaped:
    """What makes records of the rows of one shape."""

    def __init__(self, data_set: DataSet, shape: Shape) -> None:
        self.shape = shape
        names = dict.fromkeys(str(steps[0]) for steps in _paths(shape) if steps)
        slots = {name: f"at{number}" for number, name in enumerate(names)}
        row_type: Any = msgspec.defstruct(
            "Row",
            [(slot, Any, msgspec.UNSET) for slot in slots.values()],
            rename={slot: name for name, slot in slots.items()},
            gc=False,
        )
        self.rows: Callable[[bytes], list[Any]] = msgspec.json.Decoder(list[row_type]).decode
        self.row: Callable[[bytes | msgspec.Raw], Any] = msgspec.json.Decoder(row_type).decode
        self._places = Places(slots, tuple(_levels(shape.each)))
        self._nulls = frozenset(shape.nulls)
        cases = [_overlaid(shape.fields, case) for case in shape.cases]
        self.short_cut = short_cut(data_set, shape, self._places, [shape.fields, *cases])
        self._usual = _Reading(data_set, shape, shape.fields, self._places)
        self._cases = tuple(
            (
                [(self._places.looks(steps_of(p)), wanted) for p, wanted in case.when.items()],
                _Reading(data_set, shape, case, self._places),
            )
            for case in cases
        )

    def records(self, row: Any, file: str, place: str, tell: Tell) -> Iterator[Record]:
        """The records of a row, which is at ``place``."""
        for scopes, wheres, same in items(row, self._places, tell, place):
            reading = self._reading(scopes, same)
            try:
                yield from reading.records(scopes, same, file, wheres)
            except UnreadableError as reason:
                tell(wheres[reason.level], str(reason))

    def _reading(self, scopes: Scopes, same: int) -> _Reading:
        for conditions, reading in self._cases:
            if all(self._holds(look(scopes, same), wanted) for look, wanted in conditions):
                return reading
        return self._usual

    def _holds(self, value: Any, wanted: str | bool) -> bool:
        there = value not in (MISSING, None, [], {})
        if isinstance(value, str):
            there = value not in self._nulls
        if isinstance(wanted, bool):
            return there is wanted
        return there and as_label(value) == wanted


class _Reading:
    """How one kind of row is read."""

    def __init__(
        self,
        data_set: DataSet,
        shape: Shape,
        fields: Fields,
        places: Places,
    ) -> None:
        nulls = frozenset(shape.nulls)

        def texts(variants: Variants | None) -> Texts | None:
            return None if variants is None else Texts(variants, places, nulls)

        self._shape = shape
        self._name = data_set.name
        self._terms = data_set.terms
        self._ids = [Texts(each, places, nulls) for each in fields.id]
        self._questions = [Texts(each, places, nulls) for each in fields.question]
        self._document = texts(fields.document)
        self._documents = texts(fields.documents)
        self._options = texts(fields.options)
        self._summary = texts(fields.summary)
        self._answers = texts(fields.answers)
        self._category = texts(fields.category)
        self._dialogue = fields.dialogue and Conversation(fields.dialogue, places)
        self._before = fields.earlier and Before(fields.earlier, places, nulls)
        self._ranked = fields.ranked and Preferences(fields.ranked, places, nulls)
        self._language = fields.language if isinstance(fields.language, str) else "ko"
        self._languages = (
            Direction(fields.language, places, nulls)
            if isinstance(fields.language, Languages)
            else None
        )
        self._meta = [
            (name, [places.looks(steps) for steps in variants.paths])
            for name, variants in shape.meta.items()
        ]
        self._nulls = nulls

    def records(
        self, scopes: Scopes, same: int, file: str, wheres: tuple[str, ...]
    ) -> Iterator[Record]:
        """One record, or one for each question."""
        questions = [text for each in self._questions if (text := each.one(scopes, same))]
        if self._before:
            questions = [self._before.put(each, scopes, same) for each in questions]
        options = self._options.several(scopes, same) if self._options else ()
        made = Record(
            id=f"{self._name}:{self._id(scopes, same, file, wheres)}",
            source=Source(self._name, file, wheres[-1]),
            task="choice" if options and self._shape.task == "qa" else self._shape.task,
            documents=self._all_documents(scopes, same),
            question=questions[0] if questions else "",
            options=options,
            summary=self._summary.one(scopes, same) if self._summary else "",
            answers=self._all_answers(scopes, same),
            language=self._language_of(scopes, same),
            licence=self._terms,
            category=self._category.one(scopes, same) if self._category else "",
            meta=self._facts(scopes, same),
        )
        yield made
        for number, question in enumerate(questions[1:], start=2):
            yield msgspec.structs.replace(
                made, id=f"{made.id}~{number}", question=question, parent=made.id
            )

    def _id(self, scopes: Scopes, same: int, file: str, wheres: tuple[str, ...]) -> str:
        found = [(each.level, text) for each in self._ids if (text := each.one(scopes, same))]
        if not found:
            return f"{file}:{wheres[-1]}" if wheres[-1] else file
        parts = [text for _, text in found]
        if max(found)[0] < len(wheres) - 1:  # the id of what is around several items
            parts.append(wheres[-1].removeprefix(wheres[0]).removeprefix("."))
        if self._shape.stem:
            parts = [PurePosixPath(part).stem for part in parts]
        return "/".join(parts)

    def _language_of(self, scopes: Scopes, same: int) -> str:
        if self._languages:
            return self._languages.of(scopes, same)
        if self._language != GUESSED:
            return self._language
        asked = "".join(each.one(scopes, same) for each in self._questions)
        return "ko" if _HANGUL.search(asked) else "en"

    def _all_documents(self, scopes: Scopes, same: int) -> tuple[str, ...]:
        if self._dialogue:
            return (self._dialogue.text(scopes, same),)
        if self._documents:
            return self._documents.several(scopes, same)
        one = self._document.one(scopes, same) if self._document else ""
        return (one,) if one else ()

    def _all_answers(self, scopes: Scopes, same: int) -> tuple[str, ...]:
        if self._ranked:
            return self._ranked.best_first(scopes, same)
        return self._answers.several(scopes, same) if self._answers else ()

    def _facts(self, scopes: Scopes, same: int) -> str:
        facts = {}
        for name, looks in self._meta:
            for look in looks:
                value = look(scopes, same)
                if value is MISSING or value is None or value == [] or value == {}:
                    continue
                if type(value) is not str or value not in self._nulls:
                    facts[name] = value
                    break
        return str(_encode(facts), "utf-8") if facts else "{}"


def as_label(value: Any) -> str:
    """A value as text: true, 3, or the text itself."""
    return value if isinstance(value, str) else str(_encode(value), "utf-8")


def _paths(shape: Shape) -> Iterator[Steps]:
    yield from _levels(shape.each)[:1]
    for fields in (shape.fields, *shape.cases):
        for name in fields.__class__.model_fields:
            value = getattr(fields, name)
            for each in value if isinstance(value, tuple) else (value,):
                yield from _paths_of(each)
        if isinstance(fields, Case):
            yield from map(steps_of, fields.when)
    for variants in shape.meta.values():
        yield from variants.paths


def _paths_of(value: object) -> Iterator[Steps]:
    if isinstance(value, Variants):
        yield from value.paths
    elif isinstance(value, Dialogue):
        yield from value.turns.paths
    elif isinstance(value, Ranked):
        yield from map(steps_of, value.among)
    elif isinstance(value, Earlier):
        yield from (*value.question.paths, *value.answer.paths)
    elif isinstance(value, Languages):
        yield from (*value.source.paths, *value.target.paths)


def _levels(each: str) -> list[Steps]:
    levels: list[Steps] = []
    steps: list[Step] = []
    for step in steps_of(each) if each else ():
        steps.append(step)
        if step is Each.ELEMENT:
            levels.append(tuple(steps))
            steps = []
    return levels


def _overlaid(fields: Fields, case: Case) -> Case:
    """The case with what it does not say otherwise."""
    usual = {name: getattr(fields, name) for name in Fields.model_fields}
    return case.model_copy(
        update={name: usual[name] for name in usual if name not in case.model_fields_set}
    )
