"""Trials into the ledger, one after the other, whatever happens to any of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

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


def execute(
    trials: Sequence[Trial],
    job: Callable[[Trial], Job],
    ledger: Ledger,
    journal: Journal,
    say: Callable[[str], None],
) -> dict[str, str]:
    """Generate every trial; what failed, and why, by name of run.

    ``job`` makes what is generated of a trial, right before it is; an error that it raises is the
    trial's. Trials that need the same model load it once. What the ledger has is not computed
    again, so the same call resumes.
    """
    failed: dict[str, str] = {}
    loaded = ""
    with ModelSlot(shared=True) as slot:
        for number, trial in enumerate(by_model(trials), start=1):
            say(f"== {number} of {len(trials)}: {trial.run}")
            if needs(trial.recipe) != loaded:
                # What an earlier trial needed must not count as this one's memory.
                slot.clear()
                loaded = needs(trial.recipe)
            error = _attempt(trial, job, ledger, journal, say, slot)
            if error is not None:
                failed[trial.run] = reason_of(error)
                say(f"Error: {failed[trial.run]}")
            if error is not None and not isinstance(error, LeaderkitError):
                # An engine that failed in a way of its own may not be fit for the next trial.
                slot.clear()
    return failed


def _attempt(
    trial: Trial,
    job: Callable[[Trial], Job],
    ledger: Ledger,
    journal: Journal,
    say: Callable[[str], None],
    slot: ModelSlot,
) -> Exception | None:
    try:
        with PeakMemory() as peak:
            report = generate(job(trial), ledger, say, slot)
        if report.computed:
            journal.note(
                trial.run,
                Taken(peak_memory_mib=peak.mib, gpu_peak_memory_mib=peak.gpu_mib),
            )
        say(_summary(report))
    except FAILURES as error:
        return error.with_traceback(None)
    return None


def _summary(report: Report) -> str:
    if not report.computed:
        return f"{report.rows} rows, all in the ledger."
    return (
        f"{report.rows} rows, {report.computed} prompts computed, {report.completion_tokens} "
        f"tokens in {report.seconds:.1f} s."
    )
