"""What is uploaded: the submission file."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from submission.competitions.answer import AnswerField, AnswerKind
from submission.competitions.declared import Columns, Declared, NonEmpty
from submission.errors import few


class Vectors(Declared):
    """Columns ``{prefix}0`` .. ``{prefix}{dimension-1}`` that hold the answer's embedding."""

    prefix: NonEmpty = "vec_"
    dimension: int = Field(gt=0)

    @property
    def columns(self) -> list[str]:
        """The vector columns in order."""
        return [f"{self.prefix}{number}" for number in range(self.dimension)]


class SubmissionFormat(AnswerKind):
    """The file that is uploaded.

    The answer stands in the column ``answer``, or, where it is a JSON object, its members in those
    of ``answers``; a member whose column alone is given is of the kind that is declared here.
    Probabilities in ``answers`` are one column per label.
    """

    format: Literal["csv", "json", "jsonl"] = "csv"
    suffix: Annotated[str, Field(pattern=r"^\.[a-z0-9]+$")] | None = None
    """How the file's name ends, where it is not as its format says."""
    id: NonEmpty
    answer: NonEmpty | None = None
    answers: dict[NonEmpty, NonEmpty | AnswerField] = Field(default_factory=dict)
    vectors: Vectors | None = None
    columns: Columns = Field(default_factory=list)
    """All columns in order; those that nobody fills in are copied from the template."""
    bom: bool = False
    na_as_text: bool = False
    """Whether the organizer reads ``NA``, ``None``, ``null`` as texts, not as missing values."""
    same_length_as: str | None = None
    """A column of the test file: every answer has as many characters as its cell."""

    @model_validator(mode="after")
    def _something_to_submit(self) -> Self:
        if self.answer is not None and self.answers:
            raise ValueError("declare 'answer' or 'answers', not both")
        if not self.fields and self.vectors is None:
            raise ValueError("declare 'answer', 'answers' or 'vectors'")
        if self.vectors is not None and (self.answers or self.kind != "text"):
            raise ValueError("'vectors' are those of a text in 'answer'")
        if self.same_length_as is not None and self.answer is None:
            raise ValueError("'same_length_as' needs 'answer'")
        if self.kind == "probabilities" and not all(
            isinstance(given, str) for given in self.answers.values()
        ):
            raise ValueError("probabilities in 'answers' are columns by label: label = \"column\"")
        return self

    @model_validator(mode="after")
    def _json_or_csv(self) -> Self:
        if self.format == "csv":
            return self
        if self.vectors is not None:
            raise ValueError("a JSON submission holds answers and no 'vectors'")
        if self.columns:
            raise ValueError("'columns' are those of a CSV file; JSON is as its template")
        for outer, inner in permutations(self.header, 2):
            if inner.startswith(f"{outer}."):
                raise ValueError(f"'{inner}' lies within '{outer}'")
        return self

    @model_validator(mode="after")
    def _every_column_once(self) -> Self:
        twice = [name for name, count in Counter(self.header).items() if count > 1]
        if twice:
            raise ValueError(f"the column '{twice[0]}' is declared twice")
        missing = set(self._filled) - set(self.header)
        if missing:
            raise ValueError(f"not among 'columns': {few(sorted(missing))}")
        return self

    @property
    def fields(self) -> dict[str, AnswerField]:
        """The parts of an answer by the member of its JSON object; the whole answer is ``""``."""
        own = self.model_dump(include=set(AnswerKind.model_fields))
        if self.answer is not None:
            return {"": AnswerField(column=self.answer, **own)}
        if self.kind == "probabilities":
            own = {"kind": "number"}
        return {
            name: AnswerField(column=given, **own) if isinstance(given, str) else given
            for name, given in self.answers.items()
        }

    @property
    def members(self) -> list[str] | None:
        """The members of an answer that is a JSON object, none of any other; None: any may be."""
        if self.answers:
            return list(self.answers)
        if self.kind == "json":
            return None
        return self.labels if self.kind == "probabilities" else []

    @property
    def header(self) -> list[str]:
        """Every column of the file, in order; of a JSON file, those that are not copied."""
        return list(self.columns) or self._filled

    @property
    def copied(self) -> list[str]:
        """The columns that are the template's own."""
        filled = set(self._filled)
        return [name for name in self.header if name not in filled]

    @property
    def ending(self) -> str:
        """How the file's name ends."""
        return self.suffix or f".{self.format}"

    @property
    def _filled(self) -> list[str]:
        return [
            self.id,
            *(field.column for field in self.fields.values()),
            *(self.vectors.columns if self.vectors else []),
        ]
