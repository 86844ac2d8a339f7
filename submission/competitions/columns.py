"""What is read: the columns of the organizer's test, training and references files."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from submission.competitions.declared import INDEX, Columns, Declared, NonEmpty
from submission.errors import few

LABELS = {
    "digits": tuple(map(str, range(1, 11))),
    "letters": tuple("ABCDEFGHIJ"),
    "circled": tuple("①②③④⑤⑥⑦⑧⑨⑩"),
    "hangul": tuple("가나다라마바사아자차"),
}
"""What options are called, in order."""

_SHOWN = r"{% for label, option in options %}\n{{ label }}. {{ option }}{% endfor %}"


class TestColumns(Declared):
    """The organizer's test file: its id column and how a row becomes a question.

    ``question`` names the column that holds it; where a row is a form of several
    columns, ``template`` (Jinja2 over ``row``) writes the question instead.
    """

    __test__ = False  # the name begins with "Test", which pytest would collect

    id: NonEmpty
    question: str | None = None
    template: str | None = None
    context: str | None = None
    columns: Columns
    numbered: bool = False
    """The organizer's file has no id column: rows are called 1, 2, 3, …"""
    nfc: list[NonEmpty] = Field(default_factory=list)
    """Columns whose text is brought to Unicode's composed form when it is read."""
    options: list[NonEmpty] = Field(default_factory=list)
    """Columns that hold a question's options, in order; in the training file too."""
    labels: Literal["digits", "letters", "circled", "hangul"] | list[NonEmpty] = "digits"
    """What the options are called in answers and prompts."""

    @model_validator(mode="after")
    def _one_way_to_the_question(self) -> Self:
        if (self.question is None) == (self.template is None):
            raise ValueError("declare exactly one of 'question' and 'template'")
        named = {self.question, self.context, *self.nfc, *(() if self.numbered else (self.id,))}
        unknown = (named | {*self.options}) - {None} - set(self.columns)
        if unknown:
            raise ValueError(f"not among 'columns': {few(sorted(map(str, unknown)))}")
        return self

    @model_validator(mode="after")
    def _options_are_labelled_and_shown(self) -> Self:
        if not self.options:
            if self.labels != "digits":
                raise ValueError("'labels' are those of 'options', which are not declared")
            return self
        if self.question is not None:
            raise ValueError(
                "with 'options', the question is built by 'template', such as "
                f"\"{{{{ row['{self.question}'] }}}}{_SHOWN}\""
            )
        known = LABELS[self.labels] if isinstance(self.labels, str) else self.labels
        if isinstance(self.labels, list) and len(self.labels) != len(self.options):
            raise ValueError(f"{len(self.labels)} labels for {len(self.options)} options")
        if not 2 <= len(self.options) <= len(known):
            raise ValueError(f"'options' has {len(self.options)} columns; 2 to {len(known)} can be")
        if len(set(self.options)) < len(self.options) or len(set(known)) < len(known):
            raise ValueError("'options' and 'labels' must not repeat")
        return self

    @property
    def option_labels(self) -> tuple[str, ...]:
        """What each of ``options`` is called."""
        known = LABELS[self.labels] if isinstance(self.labels, str) else self.labels
        return tuple(known[: len(self.options)])

    @property
    def unnamed_index(self) -> bool:
        """Whether the file's first column has no name."""
        return INDEX in self.columns


class TrainColumns(Declared):
    """The organizer's training file."""

    id: NonEmpty
    questions: list[NonEmpty] = Field(default_factory=list)
    template: str | None = None
    context: str | None = None
    answers: list[NonEmpty] = Field(min_length=1)
    answer_lists: bool = False
    """Cells of ``answers`` may hold a JSON list of texts, each an answer of its own."""
    alternatives: NonEmpty | None = None
    """What stands between the answers where a cell may hold several."""
    category: str | None = None
    columns: Columns

    @model_validator(mode="after")
    def _one_way_to_the_question(self) -> Self:
        if bool(self.questions) == (self.template is not None):
            raise ValueError("declare exactly one of 'questions' and 'template'")
        return self

    @property
    def unnamed_index(self) -> bool:
        """Whether the file's first column has no name."""
        return INDEX in self.columns


class Meta(Declared):
    """Columns of the references file that metrics read beside answer and references.

    Left out, they are looked for under their own names, with or without ``input.`` before them.
    """

    question: str | None = None
    category: str | None = None
    options: str | None = None
    keywords: str | None = None
    source: str | None = None
