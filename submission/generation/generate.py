"""From a recipe and a test file to answers in the ledger."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from submission.competitions import Competition
from submission.engines.account import Account
from submission.engines.base import Engine, Setting
from submission.engines.choose import make_engine
from submission.engines.slot import ModelSlot
from submission.errors import Stopped, few
from submission.files.digest import digest
from submission.generation.aloud import warned_of_thinking
from submission.generation.deadline import Deadline, cheapest_first
from submission.generation.forecast import Expected, extrapolate, of_all_lengths
from submission.generation.inputs import job_inputs
from submission.generation.plan import plan_prompts
from submission.generation.record import recorded
from submission.generation.shown import Sources
from submission.recipes import Recipe
from submission.records.rows import Question
from submission.runs.answers import count_degenerate
from submission.runs.costs import spent_on
from submission.runs.ledger import Ledger
from submission.runs.rows import ExampleUse, Run


@dataclass(frozen=True)
class Job:
    """One recipe over one test file, into one run of a ledger.

    With ``probe`` only so many prompts are answered, of all lengths; after the ``deadline`` none.
    """

    run: str
    recipe: Recipe
    competition: Competition
    test: Path
    train: Path | None = None
    encoder: str | None = None
    limit: int | None = None
    fresh: bool = False
    max_cost: float | None = None
    command: str = ""
    probe: int | None = None
    deadline: Deadline | None = None


@dataclass(frozen=True)
class Report:
    """The result of a job: of the ``rows`` asked for, and of all the run's degenerate answers.

    ``reused`` prompts had an answer in the ledger; tokens are new ones. ``failures``
    are the reasons why prompts have no answer, and how many each; the same command asks them again,
    and the ``left`` ones that a probe or the deadline left out. ``expected`` is how long a probe
    says that these take, and ``expected_money`` what they cost, by currency. Of ``retried``
    prompts, whose answers were degenerate, ``mended`` have a better one now.
    ``account`` is what the run has cost where a server answered, None elsewhere.
    """

    run: str
    engine: str
    rows: int
    computed: int
    reused: int
    completion_tokens: int
    seconds: float
    degenerate: Mapping[str, int]
    failures: Mapping[str, int] = field(default_factory=dict)
    left: int = 0
    expected: Expected | None = None
    expected_money: Mapping[str, float] = field(default_factory=dict)
    retried: int = 0
    mended: int = 0
    account: Account | None = None

    def require_whole(self) -> None:
        """Raise :class:`Stopped` where a prompt failed, or is left."""
        if self.left and not self.failures:
            raise Stopped(
                f"Run '{self.run}': time is over, {self.left} prompts are not answered. What is "
                "answered is kept; the same command goes on."
            )
        failed = sum(self.failures.values())
        if failed:
            reasons = few(f"{why} ({count})" for why, count in self.failures.items())
            raise Stopped(
                f"Run '{self.run}': {failed} prompts failed: {reasons}. The others are kept; the "
                "same command asks the failed ones again."
            )


def generate(
    job: Job, ledger: Ledger, say: Callable[[str], None], slot: ModelSlot | None = None
) -> Report:
    """Answer every question that the run lacks; rows are durable as they finish.

    A shared ``slot`` keeps the model for the next job. A killed or interrupted job resumes with the
    same call. Raises ``InputError`` for files, recipes and models that cannot be used, before
    anything is recorded.
    """
    questions, sources, context = job_inputs(job, ledger, say, slot or ModelSlot())
    say(f"{len(questions):,} rows of {job.test}.")
    without = sum(not each.options for each in questions)
    if job.recipe.choice is not None and without:
        say(f"{without:,} of {len(questions):,} rows have no options: answered in words.")
    engine = make_engine(context)
    try:
        return _run(job, ledger, engine, questions, sources, say)
    finally:
        engine.close()


def _run(
    job: Job,
    ledger: Ledger,
    engine: Engine,
    questions: Sequence[Question],
    sources: Sources,
    say: Callable[[str], None],
) -> Report:
    plan = plan_prompts(job.recipe, engine, questions, sources)
    for left_out, prompts in sorted(plan.shots_left_out.items()):
        say(f"{prompts} prompts are shown {left_out} examples less, for lack of context.")
    if shortened := sum(bool(each.cut or each.dropped) for each in plan.evidence.values()):
        say(f"{shortened} prompts are shown shorter passages, for lack of context.")
    with ledger.writing(job.run):
        record = _run_record(job, ledger, engine)
        known = set()
        if not job.fresh:
            ledger.require_resumable(record, plan.parts)
            known = ledger.answered(plan.requests)
        if job.deadline is not None:
            job.deadline.ready()
        missing = [request for key, request in plan.requests.items() if key not in known]
        requests = missing if job.probe is None else of_all_lengths(missing, job.probe)
        if job.deadline is not None and job.deadline.limited:
            requests = cheapest_first(plan.parts, {each.key: each for each in requests})
        # Before the run is begun: what cannot start leaves everything as it was.
        if requests:
            engine.start()
        answered = ledger.begin(record, plan.parts, fresh=job.fresh)
        if sources.chooser is not None:
            use = ExampleUse(str(sources.chooser.file), plan.shots_left_out)
            ledger.use_examples(job.run, use)
        if sources.retriever is not None:
            shown = {where: each.plain() for where, each in plan.evidence.items()}
            ledger.keep_evidence(job.run, shown)
        if answered:
            say(f"{answered} of {len(plan.parts)} prompts are in the ledger already.")
        if requests:
            _keep_settings(job, ledger, engine, say)
            say(f"Answering {len(requests):,} prompts.")
        started = time.perf_counter()
        tokens = computed = 0
        most = job.recipe.sampling.max_tokens
        try:
            if requests:
                steps = recorded(engine, requests, ledger, job.run, job.run, most, job.deadline)
                for step in warned_of_thinking(steps, job.recipe, say):
                    computed += len(step)
                    tokens += sum(each.completion_tokens for each in step)
        finally:
            seconds = time.perf_counter() - started
            left = ledger.pending(job.run)
            ledger.spent(job.run, seconds if requests else 0.0, tokens, finished=not left)
    failures = _reasons(ledger.failures(job.run), plan.requests)
    unasked = len(missing) - computed - sum(failures.values())
    account = spent_on(ledger, job.run)
    expected = None
    if job.probe is not None and computed:
        expected = extrapolate(requests, tokens, seconds, missing)
    return Report(
        run=job.run,
        engine=engine.description,
        rows=len(questions),
        computed=computed,
        reused=answered,
        completion_tokens=tokens,
        seconds=seconds,
        degenerate=count_degenerate(ledger, job.run, partial=bool(left)),
        failures=failures,
        left=unasked,
        expected=expected,
        expected_money=account.of_more(unasked) if account and expected else {},
        account=account,
    )


def _keep_settings(job: Job, ledger: Ledger, engine: Engine, say: Callable[[str], None]) -> None:
    """What the started engine really runs with, with the run; warn of what was asked in vain."""
    found: Sequence[Setting] = getattr(engine, "settings", tuple)()
    ledger.keep_settings(job.run, found)
    for each in found:
        if each.differs:
            say(
                f"Warning: {each.name} is {each.applied} in the running engine, and the recipe asks"
                f" for {each.asked}."
            )


def _reasons(failures: Mapping[str, str], asked: Collection[str]) -> dict[str, int]:
    """Why prompts failed, the most common reason first, of those ``asked``."""
    return dict(Counter(why for key, why in failures.items() if key in asked).most_common())


def _run_record(job: Job, ledger: Ledger, engine: Engine) -> Run:
    about: dict[str, Any] = dict.fromkeys(["about", "training", "preference"], True)
    # What is degenerate, and how that is generated anew, changes no answer that is there.
    # Nor does it that an adapter of another base is meant, or by how many processes it is applied.
    # How a server is asked is none of it either; which one is in the engine's identity.
    asking = {"base_url", "key", "connections", "timeout", "deadline", "prices", "batch"}
    later: dict[str, Any] = {
        # Which file examples are of: they themselves are in the prompts.
        "prompt": {"examples": {"file"}},
        "degenerate": True,
        "retry": True,
        "model": {"other_base"},
        # What of vLLM's arguments changes answers is in the engine's identity, too.
        "engine": {
            "workers": True,
            "ray": True,
            "openai": asking,
            "vllm": True,
            "stall_timeout": True,
        },
    }
    # The day is in the run's recipe from here on, where the same job finds it another day.
    day = engine.identity.get("date")
    recipe = job.recipe.dated(date.fromisoformat(day) if day else None)
    fingerprint = digest(
        [
            recipe.model_dump_json(exclude=about | later),
            json.dumps(dict(engine.identity), sort_keys=True),
            job.competition.name,
            ledger.hash_file(job.test),
        ]
    )
    return Run(
        name=job.run,
        fingerprint=fingerprint,
        competition=job.competition.name,
        recipe=recipe.model_dump_json(exclude=about),
        test_file=str(job.test),
        engine=engine.description,
        command=job.command,
        special_tokens=tuple(engine.special_tokens),
    )
