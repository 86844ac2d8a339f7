"""Every prompt of a run, and the keys that tell equal requests."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, cast

from submission.engines.base import ChoosingEngine, Engine, Request, prompts_of
from submission.files.digest import digest
from submission.generation.shown import Shown, Sources, fitted, shown_before
from submission.prompts.choices import Choices
from submission.prompts.compound import Part, split
from submission.recipes import Recipe, Sampling
from submission.records.rows import Question
from submission.runs.rows import PlannedPart

if TYPE_CHECKING:
    from submission.retrieval.evidence import Evidence

TOGETHER = 2048
"""Prompts that are made at once: enough for a tokenizer, few in memory."""


@dataclass(frozen=True)
class Plan:
    """Every prompt of a run, and the requests for those that differ, by row key.

    ``shots_left_out`` counts the prompts that lost so many of their examples. ``evidence`` is what
    the prompts of each row, by position and part, show of documents.
    """

    parts: list[PlannedPart] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)
    shots_left_out: Counter[int] = field(default_factory=Counter)
    evidence: dict[tuple[int, int], Evidence] = field(default_factory=dict)


def plan_prompts(
    recipe: Recipe,
    engine: Engine,
    questions: Sequence[Question],
    sources: Sources = Sources(),  # noqa: B008 -- immutable
) -> Plan:
    """What ``recipe`` asks of ``engine`` to answer the questions, with what ``sources`` show.

    Where that leaves too little of the model's context for the answer, examples are left out,
    those farthest from the question first, and then the least useful sentences of passages.
    """
    plan = Plan()
    row_key = _row_keys(recipe, engine)
    asked = [
        (position, number, question, part.text)
        for position, question in enumerate(questions)
        for number, part in enumerate(_parts(recipe, question.text))
    ]
    every = shown_before(sources, [each[1:] for each in asked])
    for start in range(0, len(asked), TOGETHER):
        block, some = asked[start : start + TOGETHER], every[start : start + TOGETHER]
        prompts = prompts_of(engine, [(each.question, each.text) for each in some])
        for (position, number, _, text), shown, whole in zip(block, some, prompts, strict=True):
            kept, prompt, lead, choices = _fitted(recipe, engine, sources, shown, whole)
            question = kept.question
            if left_out := len(shown.question.shots) - len(question.shots):
                plan.shots_left_out[left_out] += 1
            if kept.evidence is not None:
                plan.evidence[position, number] = kept.evidence
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


def _fitted(
    recipe: Recipe,
    engine: Engine,
    sources: Sources,
    shown: Shown,
    prompt: tuple[int, ...] | str,
) -> tuple[Shown, tuple[int, ...] | str, tuple[int, ...], Choices | None]:
    """What of ``shown`` leaves room for the longest answer, its prompt, and what it chooses from.

    Everything does where the model's context is not known. Passages have no more tokens than the
    recipe gives them, either.
    """
    lead, choices = _choices(recipe, engine, shown.question, shown.text, prompt)
    if sources == Sources() or isinstance(prompt, str):
        return shown, prompt, lead, choices
    limit = getattr(engine, "context_length", None)
    context = limit() if limit is not None else None
    most = recipe.retrieval.max_tokens if recipe.retrieval is not None else None
    bare = 0
    if most is not None:
        bare = len(engine.prompt(replace(shown.question, context=""), shown.text))

    def over(now: Shown) -> float:
        nonlocal prompt, lead, choices
        if now is not shown:
            prompt = engine.prompt(now.question, now.text)
            lead, choices = _choices(recipe, engine, now.question, now.text, prompt)
        beyond = [0.0]
        if context is not None:
            room = context - len(lead) - answer_tokens(recipe, choices)
            beyond.append(1 - room / len(prompt))
        if most is not None and len(prompt) > bare:
            beyond.append(1 - most / (len(prompt) - bare))
        return max(beyond)

    return fitted(shown, sources, over), prompt, lead, choices


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
