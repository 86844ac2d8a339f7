"""The settings of the step ``augment``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

from pydantic import Field, field_validator, model_validator

from baselines.corpus.asking import Replies
from submission.errors import nearest

Kind = Literal["typo", "spacing", "synonym", "particle", "ending", "paraphrase", "back-translation"]
WRITTEN = frozenset({"paraphrase", "back-translation"})
"""Kinds that a model writes."""

_FIELDS = ("question", "documents", "summary", "answers")
_SHARE = Annotated[float, Field(ge=0, le=1)]


class Augmenting(Replies):
    """Which changes, how many, and what of them is kept."""

    kinds: tuple[str, ...] = Field(
        default=("typo", "spacing"),
        min_length=1,
        description="Ways to change a text: typo, spacing, synonym, particle, ending, paraphrase, "
        "back-translation.",
    )
    fields: tuple[str, ...] = Field(
        default=("question",),
        min_length=1,
        description="Texts to change: question, documents, summary, answers.",
    )
    copies: Annotated[int, Field(ge=1, le=100)] = Field(
        default=1, description="New records of each kind."
    )
    share: Annotated[float, Field(gt=0, le=1)] = Field(
        default=1.0, description="Share of records that are changed."
    )
    rate: Annotated[float, Field(gt=0, le=1)] = Field(
        default=0.15, description="Share of a text's words that are changed, one at least."
    )
    synonyms: Path | None = Field(
        default=None, description="File of synonyms: a group a line, with commas."
    )
    recipe: str | None = Field(
        default=None, description="Recipe whose model writes paraphrases and translations."
    )
    model: str | None = Field(default=None, description="Model instead of the recipe's.")
    change: tuple[str, ...] = Field(
        default=(), description="KEY=VALUE of the recipe, such as sampling.temperature=0.8."
    )
    paraphrase_prompt: Path | None = Field(
        default=None, description="Prompt (Jinja2) that shows {{ text }}."
    )
    translate_prompt: Path | None = Field(
        default=None, description="Prompt (Jinja2) that shows {{ text }} and {{ language }}."
    )
    pivot: str = Field(default="en", description="Language of the back-translation.")
    shortest: Annotated[float, Field(ge=0)] = Field(
        default=0.5, description="Least length of a new text, as a part of the old one's."
    )
    longest: Annotated[float, Field(ge=1)] = Field(
        default=2.0, description="Greatest length of a new text, as a multiple of the old one's."
    )
    most_change: _SHARE = Field(
        default=0.8, description="Most of a text's characters that may differ."
    )
    encoder: str | None = Field(
        default=None, description="Sentence encoder by which new texts have to mean the same."
    )
    least_similarity: _SHARE = Field(
        default=0.8, description="Least cosine of the old and the new text's vectors."
    )
    likelihood: str | None = Field(
        default=None, description="Language model that has to find the answer as likely as before."
    )
    most_loss: Annotated[float, Field(ge=0)] = Field(
        default=0.5, description="Most by which the answer's loss a token may rise."
    )
    seed: int = Field(default=0, description="Seed of all draws.")

    @field_validator("kinds")
    @classmethod
    def _known_kinds(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _known(value, get_args(Kind), "kind of change")

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _known(value, _FIELDS, "text")

    @model_validator(mode="after")
    def _somebody_writes(self) -> Augmenting:
        wanted = [kind for kind in self.kinds if kind in WRITTEN]
        if wanted and self.recipe is None:
            raise ValueError(f"'{wanted[0]}' needs a model: set 'recipe'")
        if not wanted and (self.recipe or self.model or self.change):
            raise ValueError("'recipe' is for paraphrase and back-translation; add one to 'kinds'")
        return self


def _known(value: tuple[str, ...], there: Sequence[str], what: str) -> tuple[str, ...]:
    for each in value:
        if each not in there:
            raise ValueError(f"'{each}' is no {what}; there are {nearest(there, each)}")
    return tuple(dict.fromkeys(value))
