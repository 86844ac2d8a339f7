"""From a recipe and a test file to answers in the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.competitions import Competition
from submission.engines.base import Engine, EngineContext, TaskData
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.files.digest import digest
from submission.generation.plan import plan_prompts
from submission.generation.record import recorded
from submission.recipes import Recipe
from submission.records.read import read_questions, read_training
from submission.records.rows import Question, TrainingRow
from submission.runs.answers import count_degenerate
from submission.runs.ledger import Ledger
from submission.runs.rows import Run


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
    """The result of a job: of the ``rows`` asked for, and of all the run's degenerate answers.

    ``reused`` prompts had an answer in the ledger; tokens are new ones. Of
    ``retried`` prompts, whose answers were degenerate, ``mended`` have a better one now.
    """

    run: str
    engine: str
    rows: int
    computed: int
    reused: int
    completion_tokens: int
    seconds: float
    degenerate: Mapping[str, int]
    retried: int = 0
    mended: int = 0


def generate(
    job: Job, ledger: Ledger, say: Callable[[str], None], slot: ModelSlot | None = None
) -> Report:
    """Answer every question that the run lacks; rows are durable as they finish.

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
        task=TaskData(job.competition, rows, train_digest, job.encoder),
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
                for step in recorded(engine, requests, ledger, job.run, job.run):
                    tokens += sum(each.completion_tokens for each in step)
        finally:
            seconds = time.perf_counter() - started
            left = ledger.pending(job.run)
            ledger.spent(job.run, seconds if requests else 0.0, tokens, finished=not left)
    return Report(
        run=job.run,
        engine=engine.description,
        rows=len(questions),
        computed=len(requests),
        reused=answered,
        completion_tokens=tokens,
        seconds=seconds,
        degenerate=count_degenerate(ledger, job.run),
    )


def _run_record(job: Job, ledger: Ledger, engine: Engine) -> Run:
    about: dict[str, Any] = dict.fromkeys(["about", "training", "preference"], True)
    # What is degenerate, and how that is generated anew, changes no answer that is there.
    # Nor does it that an adapter of another base is meant.
    later = {"degenerate": True, "retry": True, "model": {"other_base"}}
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
