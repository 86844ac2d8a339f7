"""Trials into the ledger, one after the other, whatever happens to any of them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

from safetensors import SafetensorError

from baselines.grid.cells import Trial
from baselines.grid.journal import Journal, Taken
from baselines.grid.memory import PeakMemory
from evaluators import EvaluationError
from submission.engines.slot import ModelSlot
from submission.errors import LeaderkitError, Stopped, few, sentence
from submission.generation.generate import Job, Report, generate
from submission.runs.ledger import Ledger

# Beside the errors meant for people, what engines raise bare: torch without memory, a full disk.
FAILURES = (
    LeaderkitError, EvaluationError, RuntimeError, MemoryError, OSError, SafetensorError,
)  # fmt: skip


def reason_of(error: Exception) -> str:
    """Why something failed, in words."""
    return str(error).strip() or type(error).__name__


@dataclass(frozen=True)
class Executed:
    """What was generated, and what failed and why, by name of run."""

    reports: dict[str, Report] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def execute(
    trials: Sequence[Trial],
    job: Callable[[Trial], Job],
    ledger: Ledger,
    say: Callable[[str], None],
    journal: Journal | None = None,
) -> Executed:
    """Generate every trial; the ``journal`` is told what memory it took.

    ``job`` makes what is generated of a trial, right before it is; an error that it raises is the
    trial's. Trials that need the same model load it once. What the ledger has is not computed
    again, so the same call resumes.
    """
    done = Executed()
    number = count(1)
    with ModelSlot(shared=True) as slot:
        for group in _by_model(trials):
            # What an earlier group needed must not count as this one's memory.
            slot.clear()
            for trial in group:
                say(f"== {next(number)} of {len(trials)}: {trial.run}")
                broken = False
                try:
                    with PeakMemory() as peak:
                        report = generate(job(trial), ledger, say, slot)
                    if report.computed and journal is not None:
                        journal.note(trial.run, Taken.of(peak))
                    say(_summary(report))
                    report.require_whole()
                    done.reports[trial.run] = report
                except FAILURES as error:
                    done.failed[trial.run] = reason_of(error)
                    say(sentence(f"Error: {done.failed[trial.run]}"))
                    broken = not isinstance(error, LeaderkitError)
                if broken:
                    # An engine that failed in a way of its own may not be fit for the next trial.
                    slot.clear()
    return done


def stop_if_failed(failed: Collection[str], runs: int) -> None:
    """Raise :class:`Stopped` where any of the ``runs`` is among ``failed``."""
    if failed:
        raise Stopped(
            f"{len(failed)} of {runs} runs failed: {few(failed)}. "
            "The others are kept; the same command retries these."
        )


def _by_model(trials: Sequence[Trial]) -> Iterable[list[Trial]]:
    """The trials grouped by what their engines load: model and engine settings."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        needs = trial.recipe.model_dump_json(include={"model", "engine"})
        groups.setdefault(needs, []).append(trial)
    return groups.values()


def _summary(report: Report) -> str:
    if not report.computed:
        return f"{report.rows} rows, all in the ledger."
    return (
        f"{report.rows} rows, {report.computed} prompts computed, {report.completion_tokens} "
        f"tokens in {report.seconds:.1f} s."
    )
