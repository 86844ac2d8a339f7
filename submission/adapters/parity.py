"""Whether two models say the same: their logits on the same prompts, compared."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from submission.adapters.load import context_length
from submission.errors import InputError
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Prompt

if TYPE_CHECKING:
    import torch

# The logits of one model are kept in memory while the other is asked: at a vocabulary of
# 256,000 this many positions are a gibibyte.
MOST_POSITIONS = 1024
Tokens = tuple[int, ...]


@dataclass(frozen=True)
class Parity:
    """Largest absolute difference, and on how many prompts the greedy next token is the same."""

    difference: float
    agreeing: int
    prompts: int

    @property
    def agrees(self) -> bool:
        """Whether the greedy next token is the same on every prompt."""
        return self.agreeing == self.prompts


@dataclass(frozen=True)
class Reference:
    """What the model to compare with answered: one tensor (positions, vocabulary) a prompt."""

    prompts: tuple[Tokens, ...]
    logits: tuple[torch.Tensor, ...]

    @property
    def positions(self) -> int:
        """Over how many tokens the comparison runs."""
        return sum(map(len, self.prompts))

    @property
    def low(self) -> float:
        """The smallest logit."""
        return min(float(each.min()) for each in self.logits)

    @property
    def high(self) -> float:
        """The largest logit."""
        return max(float(each.max()) for each in self.logits)

    @property
    def span(self) -> float:
        """From the smallest logit to the largest; at least 1."""
        return max(1.0, self.high - self.low)


def choose_prompts(texts: Sequence[str], tokenizer: Any, model: Any, rows: int) -> list[Tokens]:
    """The first of ``texts`` as token ids, whole, until there are enough positions.

    Those with a token that is not among the ``rows`` embeddings are left out.

    Raises :class:`InputError` where none fits into the model's context.
    """
    longest = _longest(model)
    chosen: list[Tokens] = []
    room = MOST_POSITIONS
    for ids in _fitting(texts, tokenizer, model, rows, longest):
        if len(ids) > room:
            break
        chosen.append(ids)
        room -= len(ids)
    return _some(chosen, len(texts), longest)


def choose_questions(
    texts: Sequence[str], tokenizer: Any, model: Any, rows: int, count: int, answer_tokens: int
) -> list[Tokens]:
    """The first ``count`` of ``texts`` as token ids that leave room for an answer.

    Raises :class:`InputError` where none does.
    """
    longest = _longest(model) - answer_tokens
    chosen = islice(_fitting(texts, tokenizer, model, rows, longest), count)
    return _some(list(chosen), len(texts), longest)


def _longest(model: Any) -> int:
    return min(context_length(model.config) or MOST_POSITIONS, MOST_POSITIONS)


def _fitting(
    texts: Sequence[str], tokenizer: Any, model: Any, rows: int, longest: int
) -> Iterator[Tokens]:
    """One text at a time: of a long table only the first are needed."""
    encoder = PromptEncoder(tokenizer, Prompt(), seq2seq=model.config.is_encoder_decoder)
    encoded = (tuple(encoder.prompt_ids(text)) for text in texts)
    return (ids for ids in encoded if ids and len(ids) <= longest and max(ids) < rows)


def _some(chosen: list[Tokens], texts: int, longest: int) -> list[Tokens]:
    if not chosen:
        raise InputError(
            f"None of the {texts} prompts has between 1 and {longest} tokens; "
            "give shorter ones with --prompts."
        )
    return chosen


def measure(model: Any, prompts: Sequence[Tokens]) -> Reference:
    """The logits of ``model`` at every position of every prompt, in float32.

    An encoder-decoder's decoder is given the prompt, too: every layer has a part in it.
    """
    return Reference(tuple(prompts), tuple(_logits(model, prompt) for prompt in prompts))


def compare(model: Any, reference: Reference) -> Parity:
    """How far ``model`` is from ``reference``; NaN anywhere counts as infinitely far."""
    difference, agreeing = 0.0, 0
    for prompt, expected in zip(reference.prompts, reference.logits, strict=True):
        found = _logits(model, prompt)
        apart = float((found - expected).abs().max())
        difference = max(difference, math.inf if math.isnan(apart) else apart)
        agreeing += int(found[-1].argmax()) == int(expected[-1].argmax())
    return Parity(difference, agreeing, len(reference.prompts))


def _logits(model: Any, prompt: Tokens) -> torch.Tensor:
    import torch

    inputs = {"input_ids": torch.tensor([prompt], device=model.device)}
    if model.config.is_encoder_decoder:
        begin = model.config.decoder_start_token_id or 0
        inputs["decoder_input_ids"] = torch.tensor([[begin, *prompt[:-1]]], device=model.device)
    with torch.inference_mode():
        output = model(**inputs, use_cache=False)
    logits: torch.Tensor = output.logits[0].float().cpu()
    return logits
