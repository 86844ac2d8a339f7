"""One record: what every step reads and writes, with its declared Arrow schema.

Nothing is inferred: a field that a file lacks is empty, and what has no field of its own is in
``meta``, a JSON object as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa

Task = Literal[
    "document",  # a document alone
    "qa",  # question and answers, with or without a document
    "choice",  # a question with options
    "summary",
    "dialogue-summary",
    "interview-summary",
    "translation",  # documents[0] to answers[0]; ``language`` names both: "ko-en"
    "preference",  # answers from the best to the worst
    "structured",  # document, question, summary and answer together
]


class Source(msgspec.Struct, frozen=True, gc=False):
    """Where a record was read: the data set, the file in it, and the place in the file."""

    data_set: str
    file: str
    place: str


class Record(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One training record. ``id`` is ``DATA SET:ID``, with the id that the file gives."""

    id: str
    source: Source
    task: Task
    documents: tuple[str, ...] = ()
    question: str = ""
    options: tuple[str, ...] = ()
    summary: str = ""
    answers: tuple[str, ...] = ()
    language: str = "ko"
    licence: str = ""
    category: str = ""
    parent: str = ""
    """The id of the record that this one was made from; never separated from it."""
    meta: str = "{}"

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text with the name of its field: ``documents[0]``, ``question``."""
        for name in TEXT_FIELDS:
            value = getattr(self, name)
            if isinstance(value, str):
                if value:
                    yield name, value
            else:
                yield from ((f"{name}[{n}]", text) for n, text in enumerate(value))

    def with_texts(self, change: Callable[[str, str], str]) -> Record:
        """The record with ``change(field, text)`` in place of every text; itself if all are equal.

        ``field`` is the name without a number: ``documents``, ``question``.
        """
        changed: dict[str, Any] = {}
        for name in TEXT_FIELDS:
            value = getattr(self, name)
            if not value:
                continue
            new = (
                change(name, value)
                if isinstance(value, str)
                else tuple(change(name, text) for text in value)
            )
            if new != value:
                changed[name] = new
        return msgspec.structs.replace(self, **changed) if changed else self

    def facts(self) -> dict[str, Any]:
        """What ``meta`` holds."""
        facts: dict[str, Any] = json.loads(self.meta)
        return facts


TEXT_FIELDS = ("documents", "question", "options", "summary", "answers")
"""The fields that hold text, in the order in which a record has them."""

encoder = msgspec.json.Encoder()
decoder = msgspec.json.Decoder(Record)


def meta(facts: Mapping[str, Any]) -> str:
    """``facts`` as the text of a record's ``meta``; keys in their own order, no empty values."""
    kept = {name: value for name, value in facts.items() if value not in (None, "", [], {})}
    return json.dumps(kept, ensure_ascii=False)


def arrow_schema() -> pa.Schema:
    """The columns of a Parquet file of records; all of them are always there."""
    import pyarrow as pa

    text, texts = pa.string(), pa.list_(pa.string())
    source = pa.struct([("data_set", text), ("file", text), ("place", text)])
    several = {"documents", "options", "answers"}
    return pa.schema(
        [
            pa.field(
                name,
                source if name == "source" else texts if name in several else text,
                nullable=False,
            )
            for name in Record.__struct_fields__
        ]
    )
