"""Degenerate answers generated again with other sampling; everything else stays as it is.

A retry is a sampling of its own, with its own row key: the first answer stays in the ledger, a
retry that ended early goes on with what it lacks, and a run only takes over a new answer that is
not degenerate itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from submission.engines.base import Completion, Engine, Request
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.errors import InputError
from submission.files.digest import digest
from submission.generation.generate import Job, Report
from submission.generation.inputs import Inputs, job_inputs
from submission.generation.plan import plan_prompts
from submission.generation.record import recorded
from submission.recipes import Degenerate, Recipe, Sampling
from submission.runs.answers import (
    ANY,
    count_degenerate,
    given,
    require_marked,
    run_recipe,
)
from submission.runs.costs import spent_on
from submission.runs.degenerate import Rules, copy_key
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart

Say = Callable[[str], None]


def retry_answers(
    job: Job, report: Report, ledger: Ledger, say: Say, slot: ModelSlot | None = None
) -> Report:
    """Retry the degenerate answers of a finished job, as its recipe's ``[retry]`` says.

    Prompts longer than the model's context are left out, since sampling cannot shorten them, and
    so are answers that no sampling changes: choices by likelihood, and those of recipes without a
    model. Raises ``InputError`` for retry settings that cannot be used.
    """
    if job.recipe.model is None:
        if report.degenerate[ANY]:
            say(f"Recipe '{job.recipe.name}' has no model: its answers would be the same again.")
        return report
    broken = _broken(ledger, job.run)
    if not broken:
        return report
    sampling = retry_sampling(job.recipe)
    # The run's own prompt: it has the day that its questions were asked.
    update = {"sampling": sampling, "prompt": run_recipe(ledger, job.run).prompt}
    changed = replace(job, recipe=job.recipe.model_copy(update=update))
    rows = {part.row_id for part in broken}
    inputs = job_inputs(changed, ledger, say, slot or ModelSlot(), rows)
    engine = make_engine(inputs.context)
    say(f"{len(broken)} degenerate answers; retried at temperature {sampling.temperature:g}.")
    try:
        with ledger.writing(job.run):
            work = _Retry(changed, ledger, engine, inputs)
            replaced = 0
            for attempt in range(1, job.recipe.retry.attempts + 1):
                left = _broken(ledger, job.run)
                if not left:
                    break
                replaced += work.attempt(attempt, left)
    finally:
        engine.close()
    return replace(
        report,
        completion_tokens=report.completion_tokens + work.tokens,
        seconds=report.seconds + work.seconds,
        degenerate=count_degenerate(ledger, job.run),
        retried=len(broken),
        mended=replaced,
        account=spent_on(ledger, job.run),
    )


def retry_sampling(recipe: Recipe) -> Sampling:
    """The sampling of a retry. Raises ``InputError`` for one that makes all samples alike."""
    retry = recipe.retry
    changed = retry.model_dump(exclude={"attempts", "max_tokens"}) | {"beams": 1}
    if retry.max_tokens is not None:
        changed["max_tokens"] = retry.max_tokens
    sampling = recipe.sampling.model_copy(update=changed)
    if sampling.greedy and sampling.samples > 1:
        raise InputError(
            "retry.temperature: a greedy retry makes all samples of a prompt alike; "
            "set it above 0, and retry.top_k other than 1."
        )
    return sampling


def reseeded(recipe: Recipe, attempt: int) -> Recipe:
    """``recipe`` with the seed of a retry's attempt, counted from 1."""
    seed = int(digest(["retry", str(recipe.sampling.seed), str(attempt)])[:8], 16)
    sampling = recipe.sampling.model_copy(update={"seed": seed})
    return recipe.model_copy(update={"sampling": sampling})


class _Retry:
    """One job's retries over one engine; ``tokens`` and ``seconds`` are what they cost."""

    def __init__(self, job: Job, ledger: Ledger, engine: Engine, inputs: Inputs) -> None:
        self._job = job
        self._ledger = ledger
        self._engine = engine
        self._questions, self._sources = inputs.questions, inputs.sources
        self.tokens = 0
        self.seconds = 0.0

    def attempt(self, number: int, broken: Sequence[FinishedPart]) -> int:
        """Try once more for every broken part; returns how many got a better answer."""
        asked = self._requests(number, broken)
        answered = self._completed(number, asked)
        instead = self._better(broken, answered)
        if instead:
            sampling = self._job.recipe.sampling.model_dump_json()
            self._ledger.adopt(self._job.run, instead, sampling)
            self._ledger.spent(self._job.run, 0.0, 0, finished=True)
        return sum(part.key in instead for part in broken)

    def _requests(self, number: int, broken: Sequence[FinishedPart]) -> dict[str, Request]:
        """A request for each row key that is retried."""
        rows = {part.row_id for part in broken}
        questions = [each for each in self._questions if each.id in rows]
        recipe = reseeded(self._job.recipe, number)
        plan = plan_prompts(recipe, self._engine, questions, self._sources)
        new = {(part.row_id, part.part, part.sample): part.key for part in plan.parts}
        return {
            part.key: plan.requests[new[part.row_id, part.part, part.sample]] for part in broken
        }

    def _completed(self, number: int, asked: Mapping[str, Request]) -> dict[str, Completion]:
        """Each retried row key's new completion; those that the ledger has are taken from it."""
        requests = {request.key: request for request in asked.values()}
        known = {} if self._job.fresh else self._ledger.completions(requests)
        missing = [request for key, request in requests.items() if key not in known]
        if missing:
            self._engine.start()
            started, before = time.perf_counter(), self.tokens
            try:
                label = f"{self._job.run}, retry {number}"
                most = self._job.recipe.sampling.max_tokens
                for step in recorded(
                    self._engine, missing, self._ledger, self._job.run, label, most
                ):
                    known.update((each.key, each) for each in step)
                    self.tokens += sum(each.completion_tokens for each in step)
            finally:
                seconds = time.perf_counter() - started
                self.seconds += seconds
                new = self.tokens - before
                self._ledger.spent(self._job.run, seconds, new, finished=True)
        return {old: known[new.key] for old, new in asked.items() if new.key in known}

    def _better(
        self, broken: Sequence[FinishedPart], answered: Mapping[str, Completion]
    ) -> dict[str, str]:
        """The new row key for each old one whose new answer is not degenerate."""
        recipe = self._job.recipe
        rules = Rules(recipe)
        broken = [part for part in broken if part.key in answered]
        candidates = [
            given(part._replace(completion=answered[part.key]), recipe) for part in broken
        ]
        # Held against what it would replace as well: a copy of the copies is no better.
        present = [given(part, recipe) for part in self._ledger.parts(self._job.run)]
        both = [*candidates, *present]
        copied = rules.copies([copy_key(each.text) for each in both], lambda: both)
        return {
            part.key: answered[part.key].key
            for place, (part, candidate) in enumerate(zip(broken, candidates, strict=True))
            if not rules.kinds(candidate) and place not in copied
        }


def _broken(ledger: Ledger, run: str) -> list[FinishedPart]:
    """The parts of a finished run whose answers are degenerate, where sampling can change that."""
    recipe = run_recipe(ledger, run)
    for sample in ledger.samples(run):
        require_marked(ledger, run, recipe, sample)
    return [
        part
        for part in ledger.parts(run)
        if part.degenerate
        and Degenerate.TOO_LONG not in part.degenerate.split()
        and not (part.completion and part.completion.likelihoods)
    ]
