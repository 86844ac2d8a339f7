"""How it is scored: the leaderboard's number."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from submission.competitions.declared import Declared, NonEmpty


class Term(Declared):
    """One part of the score: ``weight`` times a metric (``NAME[:key=value,…]``).

    ``of`` is the field of the answer that the metric sees, where answers have several.
    """

    metric: NonEmpty
    of: NonEmpty | None = None
    weight: float = Field(default=1.0, allow_inf_nan=False)


class RowGroup(Declared):
    """Rows whose ``score.group_by`` cell is ``value``, scored by terms of their own."""

    value: NonEmpty
    terms: list[Term] = Field(min_length=1)
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class Formula(Declared):
    """The leaderboard's number.

    It is the mean over rows of the weighted sum of ``terms``; or, where rows are of several kinds,
    the weighted mean over the ``groups`` that are there of such means; or what the folder's
    ``code`` makes of the metrics. ``scale`` is what 1.0 is shown as (100 where the organizer
    reports percent).
    """

    name: NonEmpty
    terms: list[Term] = Field(default_factory=list)
    group_by: str | None = None
    groups: list[RowGroup] = Field(default_factory=list)
    code: str | None = None
    also: list[NonEmpty] = Field(default_factory=list)
    """Metrics that the organizer shows beside the number, or that help to read it."""
    direction: Literal["higher", "lower"] = "higher"
    scale: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    references: Literal["first", "mean", "max"] = "first"
    pairing: Literal["id", "position"] = "id"
    missing: Literal["error", "empty", "skip"] = "error"
    """An id without an answer is an error, scores as an empty answer, or is not scored."""
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
    def all_terms(self) -> list[Term]:
        """The terms, and those of the groups."""
        return [*self.terms, *(term for group in self.groups for term in group.terms)]

    @property
    def metrics(self) -> list[str]:
        """Every metric that the declaration names as a part of the number."""
        return [term.metric for term in self.all_terms]
