"""Every prompt of a run, and the keys that tell equal requests."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from submission.engines.base import ChoosingEngine, Engine, Request, prompts_of
from submission.files.digest import digest
from submission.prompts.choices import Choices
from submission.prompts.compound import Part, split
from submission.recipes import Recipe, Sampling
from submission.records.rows import Question
from submission.runs.rows import PlannedPart
from submission.shots import Asked, Chooser

TOGETHER = 2048
"""Prompts that are made at once: enough for a tokenizer, few in memory."""


@dataclass(frozen=True)
class Plan:
    """Every prompt of a run, and the requests for those that differ, by row key.

    ``shots_left_out`` counts the prompts that lost so many of their examples.
    """

    parts: list[PlannedPart] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)
    shots_left_out: Counter[int] = field(default_factory=Counter)


def plan_prompts(
    recipe: Recipe,
    engine: Engine,
    questions: Sequence[Question],
    chooser: Chooser | None = None,
) -> Plan:
    """What ``recipe`` asks of ``engine`` to answer the questions, with examples of ``chooser``.

    Examples that leave too little of the model's context for the answer are left out, those
    farthest from the question first.
    """
    plan = Plan()
    row_key = _row_keys(recipe, engine)
    asked = [
        (position, number, question, part.text)
        for position, question in enumerate(questions)
        for number, part in enumerate(_parts(recipe, question.text))
    ]
    if chooser is not None:
        shots = chooser.choose(
            [Asked(each.id, number, text, each.context) for _, number, each, text in asked]
        )
        asked = [
            (position, number, replace(question, shots=some), text)
            for (position, number, question, text), some in zip(asked, shots, strict=True)
        ]
    for start in range(0, len(asked), TOGETHER):
        block = asked[start : start + TOGETHER]
        prompts = prompts_of(engine, [each[2:] for each in block])
        for (position, number, question, text), whole in zip(block, prompts, strict=True):
            prompt = whole
            lead, choices = _choices(recipe, engine, question, text, prompt)
            if chooser is not None:
                shown = question.shots
                while question.shots and not _fits(recipe, engine, prompt, lead, choices):
                    question = replace(question, shots=chooser.fewer(question.shots))
                    prompt = engine.prompt(question, text)
                    lead, choices = _choices(recipe, engine, question, text, prompt)
                if left_out := len(shown) - len(question.shots):
                    plan.shots_left_out[left_out] += 1
            tokens = lead if isinstance(prompt, str) else prompt + lead
            for sample in range(recipe.sampling.samples):
                seed = _seed(recipe.sampling, sample, tokens)
                key = row_key(tokens or prompt, seed, choices)
                plan.parts.append(PlannedPart(position, number, sample, question.id, text, key))
                if key not in plan.requests:
                    plan.requests[key] = Request(key, question, text, tokens, seed, choices)
    return plan


def answer_tokens(recipe: Recipe, choices: Choices | None) -> int:
    """The most tokens behind a prompt: the longest option's where likelihoods are read."""
    if choices is not None and not choices.generated:
        return choices.longest
    return recipe.sampling.max_tokens


def _choices(
    recipe: Recipe, engine: Engine, question: Question, text: str, prompt: tuple[int, ...] | str
) -> tuple[tuple[int, ...], Choices | None]:
    if recipe.choice is None:
        return (), None
    tokens = () if isinstance(prompt, str) else prompt
    return cast(ChoosingEngine, engine).choices(question, text, tokens)


def _fits(
    recipe: Recipe,
    engine: Engine,
    prompt: tuple[int, ...] | str,
    lead: tuple[int, ...],
    choices: Choices | None,
) -> bool:
    """Whether the longest answer fits behind ``prompt``; so it does where nothing is known."""
    limit = getattr(engine, "context_length", None)
    context = limit() if limit is not None and not isinstance(prompt, str) else None
    return context is None or len(prompt) + len(lead) + answer_tokens(recipe, choices) <= context


def _told(choices: Choices) -> str:
    """What an answer depends on of the choices, in a form that only changes with it."""
    return json.dumps(
        {
            "labels": choices.labels,
            "texts": choices.texts,
            "tokens": choices.tokens,
            "lengths": choices.lengths,
            "unconditional": choices.unconditional,
            "generated": choices.generated,
        },
        ensure_ascii=False,
        sort_keys=True,
    )


def _parts(recipe: Recipe, text: str) -> list[Part]:
    return split(text) if recipe.prompt.compound.mode == "split" else [Part("", text)]


def _seed(sampling: Sampling, sample: int, tokens: Sequence[int]) -> int:
    """A seed of the prompt's own, so that no row's draw depends on the rows around it."""
    if sampling.greedy:
        return 0
    told = "\n".join(map(str, (sampling.seed, sample, *tokens)))
    return int(digest([told])[:8], 16)


class _Numbers(dict[int, str]):
    """Token ids as text, each made once: prompts have the same ones over and over."""

    def __missing__(self, number: int) -> str:
        return self.setdefault(number, str(number))


RowKey = Callable[[tuple[int, ...] | str, int, Choices | None], str]
"""Makes a row key of a prompt, a seed, and what is chosen from."""


def _row_keys(recipe: Recipe, engine: Engine) -> RowKey:
    """What makes row keys: digests of all that an answer depends on."""
    sampling, irrelevant = recipe.sampling, {"samples", "seed"}
    if sampling.greedy:
        irrelevant |= {"temperature", "top_p", "top_k"}
    identity = json.dumps(dict(engine.identity), sort_keys=True)
    told = sampling.model_dump(exclude=irrelevant)
    if recipe.thinking is not None:
        told["thinking"] = recipe.thinking.model_dump()
    settings = json.dumps(told, sort_keys=True)
    written = _Numbers().__getitem__
    common = hashlib.sha256(f"{identity}\n{settings}\n".encode())

    def row_key(prompt: tuple[int, ...] | str, seed: int, choices: Choices | None) -> str:
        told = f"text {prompt}" if isinstance(prompt, str) else " ".join(map(written, prompt))
        whole = common.copy()
        whole.update(f"{seed}\n{told}\n".encode())
        if choices is not None:
            whole.update(_told(choices).encode())
        return whole.hexdigest()

    return row_key
