"""Trials into the ledger, one after the other, whatever happens to any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from safetensors import SafetensorError

from baselines.grid.cells import Trial
from baselines.grid.journal import Journal, Taken
from baselines.grid.memory import PeakMemory
from baselines.grid.order import by_model, needs
from evaluators import EvaluationError
from submission.engines.slot import ModelSlot
from submission.errors import LeaderkitError
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
    loaded = ""
    with ModelSlot(shared=True) as slot:
        for number, trial in enumerate(by_model(trials), start=1):
            say(f"== {number} of {len(trials)}: {trial.run}")
            if needs(trial.recipe) != loaded:
                # What an earlier trial needed must not count as this one's memory.
                slot.clear()
                loaded = needs(trial.recipe)
            broken = False
            try:
                with PeakMemory() as peak:
                    report = generate(job(trial), ledger, say, slot)
                if report.computed and journal is not None:
                    journal.note(trial.run, Taken.of(peak))
                done.reports[trial.run] = report
                say(_summary(report))
            except FAILURES as error:
                done.failed[trial.run] = reason_of(error)
                say(f"Error: {done.failed[trial.run]}")
                broken = not isinstance(error, LeaderkitError)
            if broken:
                # An engine that failed in a way of its own may not be fit for the next trial.
                slot.clear()
    return done


def _summary(report: Report) -> str:
    if not report.computed:
        return f"{report.rows} rows, all in the ledger."
    return (
        f"{report.rows} rows, {report.computed} prompts computed, {report.completion_tokens} "
        f"tokens in {report.seconds:.1f} s."
    )
