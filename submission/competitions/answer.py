"""What an answer is, and where it stands in a submission."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from submission.competitions.declared import Declared, NonEmpty

Kind = Literal["text", "label", "number", "list", "probabilities", "json"]


class AnswerKind(Declared):
    """What an answer is: a text, one of a closed set of labels, a number, a list of texts, numbers
    by label, or any other JSON value.
    """

    kind: Kind = "text"
    labels: list[NonEmpty] = Field(default_factory=list)
    """The closed set that a label, the items of a list or the labels of probabilities are from."""
    names: list[NonEmpty] = Field(default_factory=list)
    """What each of ``labels`` is called in words, by which a run's answer may give it."""
    separator: NonEmpty | None = None
    """What stands between the items of a list in a CSV cell, which otherwise holds JSON."""
    length: int | None = Field(default=None, gt=0)
    """How many items a list has."""
    may_be_empty: bool = False

    @model_validator(mode="after")
    def _of_its_kind(self) -> Self:
        if self.kind == "label" and not self.labels:
            raise ValueError("kind 'label' needs 'labels', the closed set")
        if self.labels and self.kind not in {"label", "list", "probabilities"}:
            raise ValueError(f"'labels' do not belong to kind '{self.kind}'")
        if len(set(self.labels)) < len(self.labels):
            raise ValueError("'labels' holds one label twice")
        if self.names and len(self.names) != len(self.labels):
            raise ValueError(f"{len(self.names)} 'names' for {len(self.labels)} 'labels'")
        if self.kind != "list" and (self.separator is not None or self.length is not None):
            raise ValueError("'separator' and 'length' belong to kind 'list'")
        return self


class AnswerField(AnswerKind):
    """One part of an answer, and its column; for JSON also a dotted path."""

    column: NonEmpty
