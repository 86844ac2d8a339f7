"""How a model thinks aloud before it answers, and the tags of known models."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from submission.recipes.base import Conflict, NonEmpty, Table

if TYPE_CHECKING:
    from submission.recipes.schema import Recipe


class Tags(NamedTuple):
    """The texts around a model's thinking.

    ``ahead`` is what stands before ``close`` where the model ends its thinking for an answer.
    """

    open: str
    close: str
    ahead: str = ""

    @property
    def ending(self) -> str:
        """What a model writes to end its thinking."""
        return f"{self.ahead}{self.close}"


KNOWN_TAGS = (
    # DeepSeek R1, Qwen3, GLM, EXAONE 4, SmolLM3 and most others.
    Tags("<think>", "</think>"),
    # Magistral.
    Tags("[THINK]", "[/THINK]"),
    # gpt-oss, whose harmony format thinks in one channel and answers in another.
    Tags(
        "<|channel|>analysis<|message|>",
        "<|channel|>final<|message|>",
        "<|end|><|start|>assistant",
    ),
    # Gemma 4.
    Tags("<|channel>thought\n", "<channel|>"),
    # EXAONE Deep.
    Tags("<thought>", "</thought>"),
    # Seed-OSS.
    Tags("<seed:think>", "</seed:think>"),
    # Command A Reasoning.
    Tags("<|START_THINKING|>", "<|END_THINKING|>"),
    # Kimi.
    Tags("◁think▷", "◁/think▷"),
)

SWITCHES = ("enable_thinking", "thinking")
"""What chat templates call the variable that turns thinking on and off."""


class Thinking(Table):
    """Separates what a model thinks aloud from its answer.

    ``open`` and ``close`` are the tags around its thinking: by default those of :data:`KNOWN_TAGS`
    that its tokenizer or chat template has, or those of the vLLM reasoning parser named by
    ``parser``. After ``budget`` tokens of thinking the closing tag is forced.
    """

    open: NonEmpty | None = None
    close: NonEmpty | None = None
    parser: NonEmpty | None = None
    budget: int | None = Field(default=None, gt=0)

    def conflicts(self) -> Iterator[Conflict]:
        """Half a pair of tags, or two sources of them."""
        if (self.open is None) != (self.close is None):
            lacking = "close" if self.close is None else "open"
            yield Conflict(lacking, "tags come in pairs: set thinking.open and thinking.close")
        if self.parser is not None and self.open is not None:
            yield Conflict("parser", "names tags, as thinking.open and thinking.close do: set one")


def conflicts_of_thinking(thinking: Thinking, recipe: Recipe) -> Iterator[Conflict]:
    """What of ``recipe`` would turn thinking off without a word, or leave no room for an answer."""
    if recipe.model is None:
        yield Conflict("thinking", "is for recipes with a model")
    if recipe.prompt.prefill is not None:
        yield Conflict(
            "prompt.prefill", "a prefilled answer disables thinking: remove it, or [thinking]"
        )
    for name in SWITCHES:
        if recipe.prompt.chat_template_kwargs.get(name) is False:
            yield Conflict(
                "prompt.chat_template_kwargs",
                f"{name}=false disables thinking: remove it, or [thinking]",
            )
    closings = {tags.close for tags in KNOWN_TAGS} | {thinking.close}
    if recipe.extraction.after is not None and recipe.extraction.after in closings:
        yield Conflict(
            "extraction.after", "[thinking] takes the thinking off already: remove this key"
        )
    for key, limit in (
        ("sampling.max_tokens", recipe.sampling.max_tokens),
        ("retry.max_tokens", recipe.retry.max_tokens),
    ):
        if thinking.budget is not None and limit is not None and thinking.budget >= limit:
            yield Conflict(
                key,
                "counts thinking and answer together, so it must exceed thinking.budget "
                f"({thinking.budget})",
            )
