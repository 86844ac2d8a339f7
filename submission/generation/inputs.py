"""What a job asks, and what its engine may know: the same for an answer, a preview and a retry."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

from submission.engines.base import EngineContext, TaskData
from submission.engines.slot import ModelSlot
from submission.generation.shown import Sources
from submission.prompts.chat import local_day
from submission.records.options import with_options
from submission.records.read import read_questions, read_training
from submission.records.rows import Question, TrainingRow
from submission.runs.answers import run_recipe
from submission.runs.attempts import RunJournal
from submission.runs.ledger import Ledger
from submission.shots import Chooser, load_source

if TYPE_CHECKING:
    from submission.generation.generate import Job


class Inputs(NamedTuple):
    """The questions with their options, what prompts show before them, what the engine knows."""

    questions: Sequence[Question]
    sources: Sources
    context: EngineContext


def job_inputs(
    job: Job,
    ledger: Ledger,
    say: Callable[[str], None],
    slot: ModelSlot,
    rows: Collection[str] | None = None,
) -> Inputs:
    """The inputs of ``job``, for the questions that it asks, or those called ``rows``.

    Examples avoid all rows of the test file. Raises ``InputError`` for files that cannot be used,
    and for a question among those asked that has nothing to choose from.
    """
    profile, recipe = job.competition.profile, job.recipe
    every = read_questions(profile, job.test)
    asked = every[: job.limit] if rows is None else [each for each in every if each.id in rows]
    questions = with_options(recipe.choice, profile, asked, job.test)
    examples, chooser = recipe.prompt.examples, None
    if examples is not None:
        source = load_source(examples, profile, job.train, job.test, every)
        chooser = Chooser(examples, source)
    retriever = None
    if recipe.retrieval is not None:
        from submission.retrieval.evidence import Retriever

        retriever = Retriever(recipe.retrieval, say)
    sources = Sources(chooser, retriever)
    return Inputs(questions, sources, _engine_context(job, ledger, say, slot))


def _engine_context(
    job: Job, ledger: Ledger, say: Callable[[str], None], slot: ModelSlot
) -> EngineContext:
    """What the job's engine may know; a run that goes on shows the day on which it was begun."""
    rows: list[TrainingRow] = []
    train_digest = ""
    if job.train is not None and job.recipe.model is None:
        rows = read_training(job.competition.profile, job.train)
        train_digest = ledger.hash_file(job.train)
    begun = None
    if not job.fresh and job.recipe.prompt.chat and ledger.has_run(job.run):
        begun = run_recipe(ledger, job.run).prompt.date
    return EngineContext(
        recipe=job.recipe,
        task=TaskData(job.competition, rows, train_digest, job.encoder),
        hash_file=ledger.hash_file,
        say=say,
        slot=slot,
        today=begun or local_day(),
        journal=RunJournal(ledger, job.run),
        max_cost=job.max_cost,
    )
