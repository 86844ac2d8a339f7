"""One table of a study's quality, time, memory and trained parameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from baselines.grid.cells import Cell
from baselines.grid.overrides import flat
from baselines.grid.records import Record, tenth, write_records
from baselines.grid.scores import Finished
from baselines.study.columns import ABOUT, COMET, FOR_AXES, LAST, SCORES
from baselines.study.plan import BASE, TaskPlan, training_of
from baselines.study.published import miss_rate
from baselines.study.results import Outcome, StudyResults, TaskResults
from submission.runs.answers import ANY

REPORTED = (
    "trained_parameters", "parameters", "samples", "too_long", "diverged_at", "loss_first",
    "loss_last",
)  # fmt: skip
"""What is called in the table as in a training's report."""


def study_columns(results: StudyResults) -> list[str]:
    """The columns of ``study.csv``: the axes under their names, metrics under their specs."""
    axes = [axis for axis in results.study.file.axes if axis not in ABOUT]
    return [*ABOUT, *axes, *SCORES, *COMET, *_metrics(results), *LAST]


def study_records(results: StudyResults) -> list[Record]:
    """One record per run, the untuned model's first; a failed run has its error and no figures."""
    return [record for task in results.tasks for record in _task_records(results, task)]


def write_study(results: StudyResults) -> Path:
    """Write ``study.csv``."""
    path = results.study.out / "study.csv"
    write_records(path, study_columns(results), study_records(results))
    return path


def _metrics(results: StudyResults) -> list[str]:
    return list(
        dict.fromkeys(
            spec
            for task in results.tasks
            for spec in task.plan.grid.file.metrics
            if spec != task.plan.comet
        )
    )


def _task_records(results: StudyResults, task: TaskResults) -> Iterator[Record]:
    plan = task.plan
    of_run = {run.trial.run: run for run in task.base}
    of_run |= {run.trial.run: run for each in task.outcomes for run in each.finished}
    trained = {each.cell.labels: each for each in task.outcomes}
    for trial in plan.grid.trials:
        untuned = trial.cell is plan.grid.baseline
        finished, outcome = of_run.get(trial.run), trained.get(trial.cell.labels)
        yield {
            **({} if untuned else _cell(plan, trial.cell)),
            **(_training(outcome) if outcome else {}),
            **(_figures(task, finished, untuned=untuned) if finished else {}),
            "task": plan.name,
            "kind": plan.task.kind,
            "method": BASE if untuned else training_of(trial.cell.recipe).method,
            "seed": trial.seed,
            "run": trial.run,
            "error": results.failed.get(trial.run),
        }


def _cell(plan: TaskPlan, cell: Cell) -> Record:
    training = training_of(cell.recipe)
    return {
        **dict(zip(plan.grid.axes, cell.labels, strict=True)),
        "dataset_size": training.rows,
        "rank": None if training.method == "full" else training.lora.rank,
    }


def _figures(task: TaskResults, finished: Finished, *, untuned: bool) -> Record:
    comet = task.comet(finished)
    base = [] if untuned else task.base
    bases = [each.scored.main.value for each in base]
    return {
        **finished.record(),
        "base_score": sum(bases) / len(bases) if bases else None,
        "comet": comet and comet.value,
        "base_comet": task.value(base) if comet is not None and base else None,
        "miss_rate": miss_rate(task, [finished]),
        "base_miss_rate": miss_rate(task, base),
        "degenerate": finished.degenerate[ANY],
    }


def _training(outcome: Outcome) -> Record:
    tuned, report, merged = outcome.tuned, outcome.tuned.report, outcome.tuned.merge_report
    if report is None:
        raise ValueError(f"{tuned.folder}: training has not ended")
    return {
        "dataset_size": tuned.size,
        "model": str(tuned.merged or tuned.trained),
        **{name: getattr(report, name) for name in REPORTED},
        "training_seconds": report.seconds,
        "training_steps": report.steps,
        "training_tokens_per_second": report.tokens_per_second,
        "training_peak_memory_mib": tenth(outcome.taken.peak_memory_mib),
        "training_gpu_peak_memory_mib": tenth(outcome.taken.gpu_peak_memory_mib),
        "merge_seconds": merged and merged["seconds"],
        "merge_difference": merged and merged["written"]["difference"],
    }


def axes_beside(results: StudyResults) -> Sequence[str]:
    """The axes that set more than what columns of their own tell, for tables with little room."""
    told = {"training.rows", "training.lora.rank", "training.lora.alpha"}
    return [
        axis
        for axis, levels in results.study.file.axes.items()
        if axis not in FOR_AXES
        and not {key for level in levels for key, _ in flat(level.set)} <= told
    ]
