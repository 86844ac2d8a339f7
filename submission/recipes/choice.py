"""How a recipe's model chooses among given options instead of writing an answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from submission.recipes.base import Conflict, NonEmpty, Table

if TYPE_CHECKING:
    from submission.recipes.schema import Recipe

Normalization = Literal["sum", "token", "character", "byte", "pmi"]
"""What a log-likelihood is divided by: nothing, or the option's length in that unit; ``pmi``
subtracts the option's log-likelihood after a prompt without the question."""

UNCONDITIONAL = "답:"


class Choice(Table):
    """How one of several options is chosen.

    ``labels`` compares the next token's probabilities of the options' labels, ``options`` the
    log-likelihoods of their texts; ``constrained`` generates under a grammar that allows the labels
    alone. ``options`` and ``labels`` are a closed set for every question; without them the options
    are the question's own. ``others`` is what is done with a question that has none.
    """

    method: Literal["labels", "options", "constrained"] = "labels"
    options: list[NonEmpty] = Field(default=[])
    labels: list[NonEmpty] = Field(default=[])
    normalize: Normalization = "sum"
    unconditional: NonEmpty = UNCONDITIONAL
    leading_space: Literal["auto", "yes", "no"] = "auto"
    others: Literal["refuse", "generate"] = "refuse"

    def conflicts(self) -> Iterator[Conflict]:
        """Sets that are none, and settings of another method."""
        for name in ("options", "labels"):
            given = getattr(self, name)
            if len(given) == 1:
                yield Conflict(name, "needs two or more to choose from")
            if any(each != each.strip() for each in given):
                yield Conflict(name, "holds one with white space around it; remove that")
            if len({each.strip() for each in given}) < len(given):
                yield Conflict(name, "holds one twice")
        if self.options and self.labels and len(self.options) != len(self.labels):
            yield Conflict(
                "labels", f"{len(self.labels)} labels for {len(self.options)} choice.options"
            )
        if self.normalize != "sum" and self.method != "options":
            yield Conflict("normalize", f"is for method 'options', and method is '{self.method}'")
        if self.unconditional != UNCONDITIONAL and self.normalize != "pmi":
            yield Conflict(
                "unconditional", f"is for normalize 'pmi', and normalize is '{self.normalize}'"
            )

    @property
    def scores(self) -> bool:
        """Whether options get log-likelihoods; nothing is generated then."""
        return self.method != "constrained"

    @property
    def closed(self) -> bool:
        """Whether every question has options, so that no answer is in words."""
        return bool(self.options) or self.others == "refuse"

    def conflicts_with(self, recipe: Recipe) -> Iterator[Conflict]:
        """What the rest of a recipe rules out."""
        sampling = recipe.sampling
        if recipe.model is None:
            yield Conflict("choice", "needs a [model]: only a model's probabilities can choose")
        elif recipe.model.kind == "seq2seq":
            yield Conflict("choice", "is for causal models, and model.kind is seq2seq")
        if sampling.beams > 1:
            yield Conflict("sampling.beams", "has no effect on a choice; set it to 1")
        if self.scores and sampling.samples > 1:
            yield Conflict("sampling.samples", "a choice by likelihood is always the same; set 1")
        if self.scores and self.others == "refuse" and not sampling.greedy:
            yield Conflict(
                "sampling.temperature", "a choice by likelihood draws nothing; set it to 0"
            )
        if recipe.prompt.compound.mode == "split":
            yield Conflict("prompt.compound.mode", "a question with options is asked as a whole")
        if recipe.thinking is not None:
            yield Conflict("choice", "a choice leaves no room to think: remove it, or [thinking]")
        if sampling.structure is not None:
            yield Conflict(
                "sampling.structure",
                "the options bind the answer already; choice.method = 'constrained' generates one",
            )
        if recipe.extraction.json_path is not None:
            yield Conflict("extraction", "json reads an object, and the answer is a label")
        if recipe.extraction.after is not None:
            yield Conflict("extraction.after", "the answer is a label, and follows no mark")
