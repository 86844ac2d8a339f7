"""What a job would do, before it costs anything: no weights are loaded, nothing is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from submission.engines.base import Request
from submission.engines.choose import make_engine
from submission.engines.footprint import Footprint
from submission.engines.openai.estimate import Estimate
from submission.engines.slot import ModelSlot
from submission.generation.generate import Job
from submission.generation.inputs import job_inputs
from submission.generation.plan import answer_tokens, plan_prompts
from submission.machine.memory import free_for_models
from submission.runs.ledger import Ledger


class Longest(NamedTuple):
    """The longest prompt, in tokens, and whose it is."""

    id: str
    tokens: int


@dataclass(frozen=True)
class Preview:
    """A job's work. Tokens are of prompts that are not in the ledger yet, each counted once.

    ``prompts`` are asked, ``different`` of them; ``known`` of these are in the ledger, also from
    other runs. ``context`` is what the model can hold; ``too_long`` are rows whose prompt does not
    fit, ``shortened`` those whose answer cannot have all of ``max_tokens``. ``shots_left_out`` is
    how many prompts lose so many of their examples. ``footprint`` is what
    the model takes of memory, of which ``free`` bytes are free. ``estimate`` is what a server's
    answers will cost.
    """

    run: str
    engine: str
    rows: int
    prompts: int
    different: int
    known: int
    prompt_tokens: int
    max_tokens: int
    longest: Longest | None
    context: int | None
    too_long: Sequence[str]
    shortened: Sequence[str]
    shots_left_out: Mapping[int, int]
    footprint: Footprint | None
    free: int | None
    estimate: Estimate | None

    @property
    def to_compute(self) -> int:
        """Prompts that would be answered now."""
        return self.different - self.known

    @property
    def at_once(self) -> int | None:
        """How many rows as long as the longest the cache holds; None where it is not bounded."""
        found = self.footprint
        if found is None or found.cache is None or not found.per_token or self.longest is None:
            return None
        tokens = self.longest.tokens + self.max_tokens
        return found.cache // (found.per_token * min(tokens, self.context or tokens))


def preview(job: Job, ledger: Ledger, say: Callable[[str], None]) -> Preview:
    """What :func:`submission.generation.generate.generate` would do with ``job`` now.

    Raises what that raises before it starts the engine.
    """
    questions, sources, knows = job_inputs(job, ledger, say, ModelSlot())
    engine = make_engine(knows)
    try:
        plan = plan_prompts(job.recipe, engine, questions, sources)
        known = set() if job.fresh else ledger.answered(plan.requests)
        requests = [each for key, each in plan.requests.items() if key not in known]
        footprint = getattr(engine, "footprint", None)
        limit = getattr(engine, "context_length", None)
        estimate = getattr(engine, "estimate", None)
    finally:
        engine.close()
    context = limit() if limit else None
    sizes = {each.key: len(each.tokens) for each in requests}
    ahead = {each.key: answer_tokens(job.recipe, each.choices) for each in requests}
    max_tokens = max(ahead.values(), default=job.recipe.sampling.max_tokens)
    longest = max(requests, key=lambda each: sizes[each.key], default=None)

    def beyond(wanted: Callable[[Request], int]) -> list[str]:
        if context is None:
            return []
        return list(dict.fromkeys(each.question.id for each in requests if wanted(each) > context))

    too_long = beyond(lambda each: sizes[each.key] + 1)
    longer = beyond(lambda each: sizes[each.key] + ahead[each.key])
    cut = [row for row in longer if row not in set(too_long)]
    return Preview(
        run=job.run,
        engine=engine.description,
        rows=len(questions),
        prompts=len(plan.parts),
        different=len(plan.requests),
        known=len(known),
        prompt_tokens=sum(sizes.values()),
        max_tokens=max_tokens,
        longest=Longest(longest.question.id, sizes[longest.key]) if longest else None,
        context=context,
        too_long=too_long,
        shortened=cut,
        shots_left_out=dict(plan.shots_left_out),
        footprint=footprint() if footprint else None,
        free=free_for_models() if footprint else None,
        estimate=estimate(requests) if estimate else None,
    )
