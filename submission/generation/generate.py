"""From a recipe and a test file to answers in the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.competitions import Competition
from submission.engines.base import Engine, EngineContext
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.files.digest import digest
from submission.generation.plan import plan_prompts
from submission.generation.progress import RowProgress
from submission.recipes import Recipe
from submission.records.read import read_questions, read_training
from submission.records.rows import Question, TrainingRow
from submission.runs.answers import Degenerate, degenerate, run_answers
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
