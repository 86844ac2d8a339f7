"""Questions through an engine into the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from submission.answers import Degenerate, degenerate, run_answers
from submission.competitions import Competition
from submission.engines.base import Engine, EngineContext, Request
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.ledger import Ledger, PlannedPart, Run
from submission.models import digest
from submission.progress import RowProgress
from submission.prompts.compound import Part, split
from submission.recipes import Recipe, Sampling
from submission.records import Question, TrainingRow, read_questions, read_training


@dataclass(frozen=True)
class Job:
    """One recipe over one test file, into one run of a ledger."""

    run: str
    recipe: Recipe
    competition: Competition
    test: Path
    train: Path | None = None
    encoder: str | None = None
    limit: int | None = None
    fresh: bool = False
    command: str = ""


@dataclass(frozen=True)
class Report:
    """What came of a job. ``reused`` prompts had an answer in the ledger; tokens are new ones.

    Of ``retried`` prompts, whose answers were degenerate, ``mended`` have a better one now.
    """

    run: str
    engine: str
    rows: int
    computed: int
    reused: int
    completion_tokens: int
    seconds: float
    degenerate: Degenerate
    retried: int = 0
    mended: int = 0


@dataclass(frozen=True)
class Plan:
    """Every prompt of a run, and the requests for those that differ, by row key."""

    parts: list[PlannedPart] = field(default_factory=list)
    requests: dict[str, Request] = field(default_factory=dict)


def generate(
    job: Job, ledger: Ledger, say: Callable[[str], None], slot: ModelSlot | None = None
) -> Report:
    """Answer every question that the run lacks; each finished row is durable at once.

    A shared ``slot`` keeps the model for the next job. A killed or interrupted job resumes with the
    same call. Raises ``InputError`` for files, recipes and models that cannot be used, before
    anything is recorded.
    """
    questions = read_questions(job.competition.profile, job.test)[: job.limit]
    engine = make_engine(engine_context(job, ledger, say, slot or ModelSlot()))
    try:
        return _run(job, ledger, engine, questions, say)
    finally:
        engine.close()


def engine_context(
    job: Job, ledger: Ledger, say: Callable[[str], None], slot: ModelSlot
) -> EngineContext:
    """What the job's engine may know."""
    rows: list[TrainingRow] = []
    train_digest = ""
    if job.train is not None and job.recipe.model is None:
        rows = read_training(job.competition.profile, job.train)
        train_digest = ledger.hash_file(job.train)
    return EngineContext(
        recipe=job.recipe,
        competition=job.competition,
        train=rows,
        train_digest=train_digest,
        encoder=job.encoder,
        hash_file=ledger.hash_file,
        say=say,
        slot=slot,
    )


def _run(
    job: Job,
    ledger: Ledger,
    engine: Engine,
    questions: Sequence[Question],
    say: Callable[[str], None],
) -> Report:
    plan = plan_prompts(job.recipe, engine, questions)
    with ledger.writing(job.run):
        record = _run_record(job, ledger, engine)
        known = set()
        if not job.fresh:
            ledger.require_resumable(record, plan.parts)
            known = ledger.answered(plan.requests)
        requests = [request for key, request in plan.requests.items() if key not in known]
        # Before the run is begun: what cannot start leaves everything as it was.
        if requests:
            engine.start()
        answered = ledger.begin(record, plan.parts, fresh=job.fresh)
        if answered:
            say(f"{answered} of {len(plan.parts)} prompts are in the ledger already.")
        started = time.perf_counter()
        tokens = 0
        try:
            if requests:
                with RowProgress(len(requests), job.run) as progress:
                    for completion in engine.complete(requests):
                        ledger.record(job.run, completion)
                        tokens += completion.completion_tokens
                        progress.advance(completion.completion_tokens)
        finally:
            seconds = time.perf_counter() - started
            left = ledger.pending(job.run)
            ledger.spent(job.run, seconds if requests else 0.0, tokens, finished=not left)
    answers = run_answers(ledger, job.run)
    return Report(
        run=job.run,
        engine=engine.description,
        rows=len(answers),
        computed=len(requests),
        reused=answered,
        completion_tokens=tokens,
        seconds=seconds,
        degenerate=degenerate(answers),
    )


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


def _run_record(job: Job, ledger: Ledger, engine: Engine) -> Run:
    about: dict[str, Any] = dict.fromkeys(["about", "training", "preference"], True)
    # What is degenerate, and how that is generated anew, changes no answer that is there.
    # Nor does it that an adapter of another base is meant.
    later = {"quarantine": True, "retry": True, "model": {"other_base"}}
    fingerprint = digest(
        [
            job.recipe.model_dump_json(exclude=about | later),
            json.dumps(dict(engine.identity), sort_keys=True),
            job.competition.name,
            ledger.hash_file(job.test),
        ]
    )
    return Run(
        name=job.run,
        fingerprint=fingerprint,
        competition=job.competition.name,
        recipe=job.recipe.model_dump_json(exclude=about),
        test_file=str(job.test),
        engine=engine.description,
        command=job.command,
    )
