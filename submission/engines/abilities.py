"""What engines can do beyond completing a prompt, and what of it a recipe needs."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from submission.recipes import Recipe


class Ability(StrEnum):
    """Something that some engines do; ``words`` follow "has no"."""

    words: str

    def __new__(cls, value: str, words: str) -> Self:
        """The member whose value is ``value``."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.words = words
        return member

    BEAMS = "beams", "beam search"
    ADAPTER = "adapter", "adapter at run time"
    THINKING = "thinking", "separation of thinking and answer"
    STRUCTURE = "structure", "structured output"
    WORKERS = "workers", "worker processes"
    ARGUMENTS = "arguments", "engine arguments of vLLM"
    PRICES = "prices", "prices"
    CHOICE = "choice", "choice among options"


class Need(NamedTuple):
    """What a recipe asks of its engine, and the key that asks."""

    key: str
    ability: Ability


def needs(recipe: Recipe) -> Iterator[Need]:
    """What ``recipe`` asks of its engine."""
    if recipe.sampling.beams > 1:
        yield Need("sampling.beams", Ability.BEAMS)
    if recipe.sampling.structure is not None:
        yield Need("sampling.structure", Ability.STRUCTURE)
    if recipe.engine.vllm:
        yield Need("engine.vllm", Ability.ARGUMENTS)
    if recipe.engine.workers > 1:
        yield Need("engine.workers", Ability.WORKERS)
    if recipe.model is not None and recipe.model.adapter:
        yield Need("model.adapter", Ability.ADAPTER)
    if recipe.thinking is not None:
        yield Need("thinking", Ability.THINKING)
    if recipe.choice is not None:
        yield Need("choice", Ability.CHOICE)
