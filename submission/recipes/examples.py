"""Examples that a prompt shows before its question (few-shot)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from submission.recipes.base import Conflict, NonEmpty, Table


class Examples(Table):
    """``count`` training rows with their answers, before the question.

    They are of ``file`` (with the competition's training columns), else of the training file that
    the command names. ``choose`` is how: the first ones, or those of ``ids``, for every question;
    at random by ``seed`` and the question's id; at random but with equally many of each value of
    ``balance``; or the ones whose question is nearest, by TF-IDF of characters or by ``encoder``.

    ``form`` is turns of a chat, or text: each example rendered by ``template`` (the prompt's own,
    a space and the answer), with ``separator`` behind it, in front of the question or where
    prompt.template has ``{{ examples }}``.
    """

    count: int = Field(gt=0, le=100)
    file: NonEmpty | None = None
    choose: Literal["fixed", "random", "balanced", "nearest"] = "fixed"
    ids: list[NonEmpty] = Field(default=[])
    balance: Literal["answer", "category"] = "answer"
    encoder: NonEmpty | None = None
    nearest_last: bool = True
    seed: int = Field(default=0, ge=0)
    form: Literal["auto", "turns", "text"] = "auto"
    template: NonEmpty | None = None
    separator: str = "\n\n"

    def conflicts(self) -> Iterator[Conflict]:
        """Keys that belong to another way of choosing."""
        if self.ids and self.choose != "fixed":
            yield Conflict("ids", "are for choose = 'fixed'")
        if self.encoder and self.choose != "nearest":
            yield Conflict("encoder", "is for choose = 'nearest'")
        if self.template is not None and self.form == "turns":
            yield Conflict("template", "is for examples as text; turns use prompt.template")
