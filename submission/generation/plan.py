"""Every prompt of a run, and the keys that tell equal requests."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from submission.engines.base import Engine, Request
from submission.files.digest import digest
from submission.prompts.compound import Part, split
from submission.recipes import Recipe, Sampling
from submission.records.rows import Question
from submission.runs.rows import PlannedPart


@dataclass(frozen=True)
class Plan:
    """Every prompt of a run, and the requests for those that differ, by row key."""

    parts: list[PlannedPart] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)


def plan_prompts(recipe: Recipe, engine: Engine, questions: Sequence[Question]) -> Plan:
    """What ``recipe`` asks of ``engine`` to answer the questions."""
    plan = Plan()
    row_key = _row_keys(recipe.sampling, engine)
    for position, question in enumerate(questions):
        for number, part in enumerate(_parts(recipe, question.text)):
            prompt = engine.prompt(question, part.text)
            tokens = () if isinstance(prompt, str) else prompt
            for sample in range(recipe.sampling.samples):
                seed = _seed(recipe.sampling, sample, tokens)
                key = row_key(prompt, seed)
                plan.parts.append(
                    PlannedPart(position, number, sample, question.id, part.text, key)
                )
                if key not in plan.requests:
                    plan.requests[key] = Request(key, question, part.text, tokens, seed)
    return plan


def _parts(recipe: Recipe, text: str) -> list[Part]:
    return split(text) if recipe.prompt.compound.mode == "split" else [Part("", text)]


def _seed(sampling: Sampling, sample: int, tokens: Sequence[int]) -> int:
    """A seed of the prompt's own, so that no row's draw depends on the rows around it."""
    if sampling.greedy:
        return 0
    return int(digest([str(sampling.seed), str(sample), *map(str, tokens)])[:8], 16)


def _row_keys(sampling: Sampling, engine: Engine) -> Callable[[tuple[int, ...] | str, int], str]:
    """What makes row keys of prompts and seeds: digests of all that an answer depends on."""
    irrelevant = {"samples", "seed"}
    if sampling.greedy:
        irrelevant |= {"temperature", "top_p", "top_k"}
    identity = json.dumps(dict(engine.identity), sort_keys=True)
    settings = json.dumps(sampling.model_dump(exclude=irrelevant), sort_keys=True)
    common = hashlib.sha256(f"{identity}\n{settings}\n".encode())

    def row_key(prompt: tuple[int, ...] | str, seed: int) -> str:
        told = f"text {prompt}" if isinstance(prompt, str) else " ".join(map(str, prompt))
        whole = common.copy()
        whole.update(f"{seed}\n{told}\n".encode())
        return whole.hexdigest()

    return row_key
