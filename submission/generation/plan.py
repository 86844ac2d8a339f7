"""Every prompt of a run, and the keys that tell equal requests."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
    identity = dict(engine.identity)
    for position, question in enumerate(questions):
        for number, part in enumerate(_parts(recipe, question.text)):
            tokens = engine.tokens(question, part.text)
            for sample in range(recipe.sampling.samples):
                seed = _seed(recipe.sampling, sample, tokens)
                key = _row_key(recipe.sampling, identity, tokens, part.text, seed)
                plan.parts.append(
                    PlannedPart(position, number, sample, question.id, part.text, key)
                )
                plan.requests.setdefault(key, Request(key, part.text, tokens, seed))
    return plan


def _parts(recipe: Recipe, text: str) -> list[Part]:
    return split(text) if recipe.prompt.compound.mode == "split" else [Part("", text)]


def _seed(sampling: Sampling, sample: int, tokens: Sequence[int]) -> int:
    """A seed of the prompt's own, so that no row's draw depends on the rows around it."""
    if sampling.greedy:
        return 0
    return int(digest([str(sampling.seed), str(sample), *map(str, tokens)])[:8], 16)


def _row_key(
    sampling: Sampling, identity: dict[str, str], tokens: Sequence[int], text: str, seed: int
) -> str:
    """What an answer depends on. Prompts are told apart by their tokens where there are any."""
    irrelevant = {"samples", "seed"}
    if sampling.greedy:
        irrelevant |= {"temperature", "top_p", "top_k"}
    return digest(
        [
            json.dumps(identity, sort_keys=True),
            json.dumps(sampling.model_dump(exclude=irrelevant), sort_keys=True),
            str(seed),
            " ".join(map(str, tokens)) if tokens else f"text {text}",
        ]
    )
