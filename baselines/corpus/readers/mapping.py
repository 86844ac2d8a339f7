"""A file of no known layout, read as its owner says: which column or path is which field."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Self, get_args

import msgspec
from pydantic import Field, field_validator, model_validator

from baselines.corpus.readers import rows
from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import Problems, tell
from baselines.corpus.readers.paths import MissingError, joined_texts, text_at, texts_at
from baselines.corpus.readers.sheet import suffix
from baselines.corpus.record import Record, Source, Task, meta
from submission.errors import InputError, few, nearest
from submission.files.toml import read_toml, validate
from submission.recipes.base import NonEmpty, Table

Paths = tuple[NonEmpty, ...]
FIELDS = ("document", "documents", "question", "options", "summary", "answer", "answers")
LABELS = ("id", "category", "language", "licence")
SETTINGS = ("task", "rows")


class Fields(Table):
    """Which column, or path in a JSON object, each field of a record is read from."""

    document: Paths = ()
    """Columns that make one document together."""
    documents: Paths = ()
    question: NonEmpty | None = None
    options: Paths = ()
    summary: NonEmpty | None = None
    answers: Paths = ()
    id: NonEmpty | None = None
    category: NonEmpty | None = None
    language: NonEmpty | None = None
    licence: NonEmpty | None = None

    @field_validator("document", "documents", "options", "answers", mode="before")
    @classmethod
    def _one_or_several(cls, value: object) -> object:
        if isinstance(value, str):
            return (value,)
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="before")
    @classmethod
    def _answer_is_answers(cls, value: object) -> object:
        if isinstance(value, Mapping) and "answer" in value and "answers" not in value:
            return {("answers" if k == "answer" else k): v for k, v in value.items()}
        return value

    @model_validator(mode="after")
    def _holds_text(self) -> Self:
        if not (self.document or self.documents or self.question or self.summary or self.answers):
            raise ValueError(
                "no field holds text: give one of document, documents, question, summary, answers"
            )
        return self


class MappingFile(Table):
    """A mapping as a TOML file."""

    name: NonEmpty
    about: str = "a mapping of columns to fields"
    files: tuple[NonEmpty, ...] = ("*.csv", "*.tsv", "*.json", "*.jsonl", "*.parquet")
    task: Task | None = None
    rows: NonEmpty | None = None
    """The path of the list of rows in a JSON file: ``data``, ``data[].paragraphs[]``."""
    language: NonEmpty = "ko"
    licence: str = ""
    fields: Fields
    meta: Mapping[str, NonEmpty] = Field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Mapped:
    """The layout that a mapping describes."""

    file: MappingFile

    @property
    def name(self) -> str:
        """The mapping's."""
        return self.file.name

    @property
    def about(self) -> str:
        """The mapping's."""
        return self.file.about

    def recognizes(self, member: Member, head: bytes) -> str | None:  # noqa: ARG002
        """By its name."""
        path = PurePosixPath(member.name.rpartition("!")[2])
        found = next((glob for glob in self.file.files if path.match(glob)), None)
        if found is None or suffix(member) not in rows.SUFFIXES:
            return None
        return f"its name fits '{found}' of the mapping '{self.name}'"

    def pieces(self, member: Member) -> Sequence[Piece]:
        """Rows, or bytes that end where a row does."""
        return rows.pieces(member, self.file.rows)

    def read(self, member: Member, piece: Piece, problems: Problems) -> Iterator[Record]:
        """A record for each row."""
        for number, place, row in rows.read(member, piece, self.file.rows, problems):
            try:
                yield self._record(member, number, place, row)
            except MissingError as missing:
                columns = missing.known
                known = f"; there are {nearest(columns, missing.name)}" if columns else ""
                told = f"'{missing.path}' is missing{known}. Change the mapping, or write '"
                tell(problems, member, place, f"{told}{missing.path}?' where it may be missing")
                if suffix(member) in rows.TABLES:
                    return
            except InputError as error:
                tell(problems, member, place, error)

    def _record(self, member: Member, number: int, place: str, row: Mapping[str, Any]) -> Record:
        fields = self.file.fields
        label = functools.partial(text_at, row)
        one = joined_texts(row, fields.document)
        documents = (*((one,) if one else ()), *texts_at(row, fields.documents))
        record = Record(
            id=f"{self.name}:{label(fields.id) or f'{member.name}:{number}'}",
            source=Source(self.name, member.name, place),
            task="document",
            documents=documents,
            question=label(fields.question),
            options=texts_at(row, fields.options),
            summary=label(fields.summary),
            answers=texts_at(row, fields.answers),
            language=label(fields.language) or self.file.language,
            licence=label(fields.licence) or self.file.licence,
            category=label(fields.category),
            meta=meta({name: label(path) for name, path in self.file.meta.items()}),
        )
        if not any(text and not text.isspace() for _, text in record.texts()):
            raise InputError("the row has no text in any field that is mapped; remove it")
        return _with_task(record, self.file.task)


def _with_task(record: Record, task: Task | None) -> Record:
    guessed: Task = "document"
    if record.options:
        guessed = "choice"
    elif record.question or record.answers:
        guessed = "structured" if record.summary and record.documents else "qa"
    elif record.summary:
        guessed = "summary"
    return msgspec.structs.replace(record, task=task or guessed)


def mapped(fields: Mapping[str, str]) -> Mapped:
    """The layout of ``{"document": "본문", "meta.press": "언론사"}``.

    Several columns have commas between them. ``task`` and ``rows`` may be given as well. Raises
    :class:`InputError` for a field that there is not.
    """
    known = [*FIELDS, *LABELS, *SETTINGS, "meta.NAME"]
    wrong = [name for name in fields if name not in known and not name.startswith("meta.")]
    if wrong:
        raise InputError(
            f"--map: there is no field {few([repr(name) for name in wrong])}; there are "
            f"{nearest(known, wrong[0])}"
        )
    several = {"document", "documents", "options", "answer", "answers"}
    data: dict[str, Any] = {
        "name": "mapped",
        "about": "columns or paths named by --map",
        "fields": {
            name: tuple(part.strip() for part in path.split(",")) if name in several else path
            for name, path in fields.items()
            if name not in SETTINGS and not name.startswith("meta.")
        },
        "meta": {
            name.removeprefix("meta."): path
            for name, path in fields.items()
            if name.startswith("meta.")
        },
        **{name: fields[name] for name in SETTINGS if name in fields},
    }
    if "task" in fields and fields["task"] not in get_args(Task):
        raise InputError(
            f"--map: there is no task '{fields['task']}'; there are "
            f"{nearest(list(get_args(Task)), fields['task'])}"
        )
    return Mapped(validate(MappingFile, data, "--map"))


def mapping_file(path: Path) -> Mapped:
    """The layout that a TOML file describes; raises :class:`InputError` with all that is wrong."""
    return Mapped(validate(MappingFile, read_toml(path), str(path)))
