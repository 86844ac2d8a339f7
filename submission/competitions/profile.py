"""What a competition folder's ``competition.toml`` declares."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from submission.competitions.columns import Meta, TestColumns, TrainColumns
from submission.competitions.declared import Declared, NonEmpty
from submission.competitions.format import SubmissionFormat
from submission.competitions.formula import Formula
from submission.competitions.target import Target
from submission.errors import few, nearest

Certainty = Literal["H", "M-H", "M", "L"]
"""H: read in the rules, the raw data or the scorer; M: several participants agree; L: inferred."""


OF_PROBABILITIES = frozenset({"auc", "logloss"})
"""The metrics that read an answer of a probability per label."""


class Encoder(Declared):
    """The sentence encoder of the organizer: a hub name, or ``offline``."""

    name: NonEmpty
    dimension: int = Field(gt=0)


class Rule(Declared):
    """One rule of the contest that a submission can break."""

    id: NonEmpty
    text: NonEmpty


class Quirk(Declared):
    """What the organizer's scorer does that one would not expect.

    ``case`` names the case of ``cases.json`` that shows it. ``fails`` has the findings of ``check``
    at which the scorer stops with an error.
    """

    text: NonEmpty
    case: NonEmpty
    fails: list[NonEmpty] = Field(default_factory=list)


class Profile(Declared):
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
    target: Target | None = None
    public_share: float | None = Field(default=None, gt=0, lt=1)
    private_rows: Literal["rest", "all"] = "rest"
    """Whether the private leaderboard scores the rows that are not public, or every row."""
    daily_submissions: int | None = Field(default=None, gt=0)
    constant_answer: str | None = None
    rules: list[Rule] = Field(default_factory=list)
    quirks: list[Quirk] = Field(default_factory=list)
    certainty: dict[str, Certainty] = Field(default_factory=dict)

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

    @model_validator(mode="after")
    def _metrics_see_an_answer(self) -> Self:
        members = self.submission.members
        for term in self.score.all_terms:
            if term.of is None or members is None or term.of in members:
                continue
            if not members:
                raise ValueError(
                    f"the term {term.metric} has of = '{term.of}', but an answer has no members: "
                    "only those of 'answers' and of kind 'json' do"
                )
            raise ValueError(
                f"the term {term.metric} has of = '{term.of}', which is no member of an answer: "
                f"use one of {nearest(members, term.of)}"
            )
        if not self.submission.answers:
            return self
        whole = [term.metric for term in self.score.all_terms if term.of is None]
        for metric in [*whole, *self.score.also]:
            name = metric.split(":")[0].strip()
            if self.submission.kind != "probabilities" or name not in OF_PROBABILITIES:
                raise ValueError(
                    f"{metric} does not say which member of an answer it scores: give it as a term "
                    f"with of = one of {few(self.submission.answers)}, or write 'code'"
                )
        return self

    @model_validator(mode="after")
    def _train_shows_options(self) -> Self:
        if self.train is not None and self.test.options:
            if missing := set(self.test.options) - set(self.train.columns):
                raise ValueError(f"not among 'train.columns': {few(sorted(missing))}")
            if self.train.template is None:
                raise ValueError("with 'test.options', [train] has a 'template', as [test] has")
        return self

    @property
    def unnamed_index(self) -> bool:
        """Whether the first column of the test or training file has no name."""
        return any(each.unnamed_index for each in (self.test, self.train) if each is not None)

    @property
    def needs_encoder(self) -> bool:
        """Whether the submission or the number is made of vectors, so that [encoder] is needed."""
        cosine = any(metric.split(":")[0] == "cosine" for metric in self.score.metrics)
        return cosine or self.submission.vectors is not None


class Competition(Declared):
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
