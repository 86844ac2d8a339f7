"""What a TOML file of this folder declares: a data set, and the shapes of its files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, PositiveInt, model_validator

from baselines.corpus.readers.layouts.variants import Each, Variants, steps_of
from baselines.corpus.record import Task
from submission.recipes.base import NonEmpty, Table


def _variants(value: object) -> object:
    return Variants.of(value) if isinstance(value, str) else value


def _several(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Where = Annotated[Variants, BeforeValidator(_variants)]
Wheres = Annotated[tuple[Where, ...], BeforeValidator(_several)]


GUESSED = "guessed"
"""For a language: Korean where the question has Hangul in it, else English."""


class Open(Table):
    """A table that may hold paths."""

    model_config = ConfigDict(arbitrary_types_allowed=True)


class Dialogue(Open):
    """Turns, which become one text with a line for each: ``P01: 안녕하세요``."""

    turns: Where
    speaker: NonEmpty
    text: NonEmpty


class Ranked(Open):
    """Answers with their ranks, 1 the best."""

    among: tuple[NonEmpty, ...] = Field(min_length=2)
    text: NonEmpty
    rank: NonEmpty


class Earlier(Open):
    """The turns before a question, which make it understood: lines before it, ``Q:`` and ``A:``."""

    question: Where
    answer: Where
    most: PositiveInt = 3


class Languages(Open):
    """Where the languages of a translation are said; codes such as KR and cn are understood."""

    source: Where
    target: Where


class Fields(Open):
    """Which paths each field of a record is read from."""

    id: Wheres = ()
    """Several are joined: the document's id, the question's."""
    document: Where | None = None
    """One document; sentences are joined with spaces, paragraphs with line breaks."""
    documents: Where | None = None
    """A document for each text."""
    dialogue: Dialogue | None = None
    question: Wheres = ()
    """Each that there is makes a record; the first is the parent of the others."""
    earlier: Earlier | None = None
    options: Where | None = None
    summary: Where | None = None
    answers: Where | None = None
    ranked: Ranked | None = None
    category: Where | None = None
    language: NonEmpty | Languages | None = None


class Case(Fields):
    """What is read otherwise in rows of one kind."""

    when: Mapping[NonEmpty, str | bool]
    """Paths, each with the text that it leads to, or whether it leads to anything."""


class Shape(Open):
    """One shape of file."""

    task: Task
    rows: Annotated[tuple[str, ...], BeforeValidator(_several)]
    """Where the rows are: ``data[]``, ``[]``, or "" for a file that is one row."""
    columnar: bool = False
    """The file is an object of columns, each an object with a value for every row."""
    each: str = ""
    """Lists in a row, each item of which is a record: ``paragraphs[].qas[]``."""
    stem: bool = False
    """The id is a path, of which the name of the file counts without its ending."""
    has: tuple[NonEmpty, ...] = ()
    """Paths that tell this shape from others, beside the fields that there have to be."""
    lacks: tuple[NonEmpty, ...] = ()
    by_name: bool = False
    """Told from others by the name of the file alone."""
    nulls: tuple[str, ...] = ("", "null", "None")
    """Texts that stand for nothing."""
    fields: Fields
    cases: tuple[Case, ...] = ()
    meta: Mapping[NonEmpty, Where] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        for path in (*self.has, *self.lacks, *([self.each] if self.each else [])):
            steps_of(path)
        if self.each and steps_of(self.each)[-1] is not Each.ELEMENT:
            raise ValueError(f"'each' ends with a list: {self.each}[]")
        for rows in self.rows:
            if rows and steps_of(rows)[-1] is not Each.ELEMENT:
                raise ValueError(f"'rows' ends with a list: {rows}[]")
        return self


class DataSet(Table):
    """A data set: what it is called, what may be done with it, how its files look."""

    name: NonEmpty
    number: NonEmpty | None = None
    """Its number at AI Hub."""
    title: NonEmpty
    aliases: tuple[NonEmpty, ...] = ()
    """Parts of the names of its files and folders."""
    licence: NonEmpty
    redistribution: bool = False
    shapes: tuple[Shape, ...] = Field(min_length=1)

    @property
    def terms(self) -> str:
        """The licence, and whether the data may be passed on."""
        return f"{self.licence} (redistribution: {'yes' if self.redistribution else 'no'})"
