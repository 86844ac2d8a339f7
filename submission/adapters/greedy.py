"""Greedy answers of one model, against another's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from submission.adapters.load import end_tokens

ANSWER_TOKENS = 32


@dataclass(frozen=True)
class Answer:
    """What a model answers greedily, at most :data:`ANSWER_TOKENS` long.

    ``gaps`` has for each step, that of the end token included, by how much the best token's logit
    was above the second best's.
    """

    tokens: tuple[int, ...]
    text: str
    gaps: tuple[float, ...]


@dataclass(frozen=True)
class Sameness:
    """How many of ``answers`` are the same text.

    Where one is not, two tokens were nearly as good for the reference: ``widest_gap`` is the
    largest difference of their logits at a place where answers part, 0 where none do.
    """

    same: int
    answers: int
    widest_gap: float


def answer(model: Any, tokenizer: Any, prompts: Sequence[tuple[int, ...]]) -> list[Answer]:
    """The model's greedy answers, each prompt on its own."""
    return [_answer(model, tokenizer, prompt) for prompt in prompts]


def texts_alike(reference: Sequence[Answer], texts: Sequence[str], tokenizer: Any) -> Sameness:
    """Compare ``texts`` with the reference's answers, one by one."""
    gaps = [
        _gap(expected, text, tokenizer) for expected, text in zip(reference, texts, strict=True)
    ]
    apart = [gap for gap in gaps if gap is not None]
    return Sameness(len(gaps) - len(apart), len(gaps), max(apart, default=0.0))


def _answer(model: Any, tokenizer: Any, prompt: tuple[int, ...]) -> Answer:
    import torch
    from transformers import GenerationConfig

    ends = end_tokens(model, tokenizer)
    own = model.generation_config
    settings = GenerationConfig(
        max_new_tokens=ANSWER_TOKENS,
        do_sample=False,
        eos_token_id=ends or None,
        pad_token_id=ends[0] if ends else 0,
        bos_token_id=own.bos_token_id,
        decoder_start_token_id=own.decoder_start_token_id,
        output_logits=True,
        return_dict_in_generate=True,
    )
    ids = torch.tensor([prompt], device=model.device)
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            generation_config=settings,
        )
    gaps = []
    for step in output.logits:
        best, second = step[0].float().topk(2).values.tolist()
        gaps.append(best - second)
    tokens = output.sequences[0, -len(gaps) :].tolist()
    kept = tokens[:-1] if tokens[-1] in ends else tokens
    return Answer(tuple(kept), _text(tokenizer, kept), tuple(gaps))


def _gap(expected: Answer, text: str, tokenizer: Any) -> float | None:
    """How sure the reference was where ``text`` parts from its answer; None where it does not."""
    text = text.rstrip("\N{REPLACEMENT CHARACTER}")
    if text == expected.text:
        return None
    beginnings = [
        _text(tokenizer, expected.tokens[:count]) for count in range(len(expected.tokens) + 1)
    ]
    last = max(count for count, each in enumerate(beginnings) if text.startswith(each))
    # Several tokens may make one character; which of them was another one, the text does not say.
    first = beginnings.index(beginnings[last])
    return min(expected.gaps[first : last + 1] or expected.gaps[-1:])


def _text(tokenizer: Any, tokens: Sequence[int]) -> str:
    text: str = tokenizer.decode(list(tokens), skip_special_tokens=True)
    # Half a character at the end is shown by some and dropped by others.
    return text.rstrip("\N{REPLACEMENT CHARACTER}")
