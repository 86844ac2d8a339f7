"""What a competition folder's ``competition.toml`` declares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Certainty = Literal["H", "M-H", "M", "L"]
"""H: read in the rules, the raw data or the scorer; M: several participants agree; L: inferred."""

NonEmpty = Annotated[str, Field(min_length=1)]


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class TestColumns(_Declared):
    """The organizer's test file: its id column and how a row becomes a question.

    ``question`` names the column that holds it; where a row is a form of several
    columns, ``template`` (Jinja2 over ``row``) writes the question instead.
    """

    __test__ = False  # the name begins with "Test", which pytest would collect

    id: NonEmpty
    question: str | None = None
    template: str | None = None
    context: str | None = None
    columns: list[NonEmpty]
    numbered: bool = False
    """The organizer's file has no id column: rows are called 1, 2, 3, …"""
    nfc: list[NonEmpty] = []
    """Columns whose text is brought to Unicode's composed form when it is read."""

    @model_validator(mode="after")
    def _one_way_to_the_question(self) -> Self:
        if (self.question is None) == (self.template is None):
            raise ValueError("declare exactly one of 'question' and 'template'")
        named = {self.question, self.context, *self.nfc, *(() if self.numbered else (self.id,))}
        unknown = named - {None} - set(self.columns)
        if unknown:
            raise ValueError(f"not among 'columns': {', '.join(sorted(map(str, unknown)))}")
        return self


class TrainColumns(_Declared):
    """The organizer's training file."""

    id: NonEmpty
    questions: list[NonEmpty] = []
    template: str | None = None
    context: str | None = None
    answers: list[NonEmpty] = Field(min_length=1)
    answer_lists: bool = False
    """Cells of ``answers`` may hold a JSON list of texts, each an answer of its own."""
    alternatives: NonEmpty | None = None
    """What stands between the answers where a cell may hold several."""
    category: str | None = None
    columns: list[NonEmpty]

    @model_validator(mode="after")
    def _one_way_to_the_question(self) -> Self:
        if bool(self.questions) == (self.template is not None):
            raise ValueError("declare exactly one of 'questions' and 'template'")
        return self


class Vectors(_Declared):
    """Columns ``{prefix}0`` .. ``{prefix}{dimension-1}`` that hold the answer's embedding."""

    prefix: NonEmpty = "vec_"
    dimension: int = Field(gt=0)

    @property
    def columns(self) -> list[str]:
        """The vector columns in order."""
        return [f"{self.prefix}{number}" for number in range(self.dimension)]


class SubmissionFormat(_Declared):
    """The file that is uploaded."""

    format: Literal["csv", "json"] = "csv"
    id: NonEmpty
    answer: str | None = None
    vectors: Vectors | None = None
    bom: bool = False
    same_length_as: str | None = None
    """A column of the test file: every answer has as many characters as its cell."""

    @model_validator(mode="after")
    def _something_to_submit(self) -> Self:
        if self.answer is None and self.vectors is None:
            raise ValueError("declare 'answer', 'vectors' or both")
        if self.format == "json" and (self.answer is None or self.vectors is not None):
            raise ValueError("a JSON submission holds an 'answer' and no 'vectors'")
        return self

    @property
    def columns(self) -> list[str]:
        """Every column of the file, in order."""
        return [
            self.id,
            *([self.answer] if self.answer else []),
            *(self.vectors.columns if self.vectors else []),
        ]


class Term(_Declared):
    """One part of the score: ``weight`` times a metric (``NAME[:key=value,…]``)."""

    metric: NonEmpty
    weight: float = Field(default=1.0, allow_inf_nan=False)


class RowGroup(_Declared):
    """Rows whose ``score.group_by`` cell is ``value``, scored by terms of their own."""

    value: NonEmpty
    terms: list[Term] = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class Formula(_Declared):
    """The leaderboard's number.

    It is the mean over rows of the weighted sum of ``terms``; or, where rows are of several kinds,
    the weighted mean over the ``groups`` that are there of such means; or what the folder's
    ``code`` makes of the metrics. ``scale`` is what 1.0 is shown as (100 where the organizer
    reports percent).
    """

    name: NonEmpty
    terms: list[Term] = []
    group_by: str | None = None
    groups: list[RowGroup] = []
    code: str | None = None
    also: list[NonEmpty] = []
    """Metrics that the organizer shows beside the number, or that help to read it."""
    direction: Literal["higher", "lower"] = "higher"
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    references: Literal["first", "mean", "max"] = "first"
    pairing: Literal["id", "position"] = "id"
    missing: Literal["error", "empty"] = "error"
    unanswerable: bool = False
    """Whether a row without a reference answer wants an empty answer."""
    proxy: str | None = None
    """Why the local number is only a proxy even with the organizer's encoder, if it is."""

    @model_validator(mode="after")
    def _one_way_to_the_number(self) -> Self:
        ways = [bool(self.terms), bool(self.groups), self.code is not None]
        if sum(ways) != 1:
            raise ValueError("declare exactly one of 'terms', 'groups' and 'code'")
        if bool(self.groups) != (self.group_by is not None):
            raise ValueError("'groups' and 'group_by' belong together")
        if self.code is not None and Path(self.code).name != self.code:
            raise ValueError("'code' is the name of a file in the competition's own folder")
        return self

    @property
    def metrics(self) -> list[str]:
        """Every metric that the declaration names as a part of the number."""
        grouped = [term for group in self.groups for term in group.terms]
        return [term.metric for term in [*self.terms, *grouped]]


class Encoder(_Declared):
    """The sentence encoder of the organizer: a hub name, or ``offline``."""

    name: NonEmpty
    dimension: int = Field(gt=0)


class Meta(_Declared):
    """Columns of the references file that metrics read beside answer and references.

    Left out, they are looked for under their own names, with or without ``input.`` before them.
    """

    question: str | None = None
    category: str | None = None
    options: str | None = None
    keywords: str | None = None
    source: str | None = None


class Rule(_Declared):
    """One rule of the contest that a submission can break."""

    id: NonEmpty
    text: NonEmpty


class Profile(_Declared):
    """A competition as declared: columns, submission, formula, encoder, rules."""

    name: NonEmpty
    title: NonEmpty
    url: str | None = None
    about: str = ""
    test: TestColumns
    train: TrainColumns | None = None
    submission: SubmissionFormat
    score: Formula
    meta: Meta = Meta()
    encoder: Encoder | None = None
    public_share: float | None = Field(default=None, gt=0, lt=1)
    private_rows: Literal["rest", "all"] = "rest"
    """Whether the private leaderboard scores the rows that are not public, or every row."""
    daily_submissions: int | None = Field(default=None, gt=0)
    constant_answer: str | None = None
    rules: list[Rule] = []
    certainty: dict[str, Certainty] = {}

    @model_validator(mode="after")
    def _encoder_fits(self) -> Self:
        vectors = self.submission.vectors
        if self.needs_encoder and self.encoder is None:
            raise ValueError("vectors or a cosine term need an [encoder]")
        if vectors and self.encoder and vectors.dimension != self.encoder.dimension:
            raise ValueError(
                f"submission.vectors.dimension is {vectors.dimension}, "
                f"encoder.dimension is {self.encoder.dimension}"
            )
        return self

    @property
    def needs_encoder(self) -> bool:
        """Whether the submission or the number is made of vectors, so that [encoder] is needed."""
        cosine = any(metric.split(":")[0] == "cosine" for metric in self.score.metrics)
        return cosine or self.submission.vectors is not None


class Competition(_Declared):
    """A profile and the folder it came from."""

    profile: Profile
    folder: str

    @property
    def name(self) -> str:
        """The name that ``-c`` takes."""
        return self.profile.name

    def rule(self, rule_id: str) -> Rule | None:
        """The rule with this id, if the contest has it."""
        return next((rule for rule in self.profile.rules if rule.id == rule_id), None)
