"""What a study's end looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines.commands.views.columns import differences, figures, print_records, scores, words
from baselines.grid.records import Record
from baselines.study.results import StudyResults, TaskResults
from baselines.study.runs_table import axes_beside, study_columns, study_records
from submission.errors import few
from submission.terminal.output import tell


def print_study(results: StudyResults, files: Sequence[Path]) -> None:
    """Each task's cells as the file has them, what their scores are, and the files."""
    records = study_records(results)
    for task in results.tasks:
        name = task.plan.name
        title = f": {task.plan.task.title}" if task.plan.task.title else ""
        tell(f"{name}{title}")
        mine = [each for each in records if each["task"] == name and each.get("score") is not None]
        if mine:
            _print_task(results, task, mine)
        if task.proxy:
            tell(f"Proxy: {task.proxy}.", style="yellow")
    if results.diverged:
        tell(
            "Diverged trainings, which answered with earlier weights (column diverged_at): "
            f"{few(results.diverged)}.",
            style="yellow",
        )
    for path in files:
        tell(f"Wrote {path}.")


def study_json(results: StudyResults, files: Sequence[Path]) -> dict[str, Any]:
    """The results as JSON values."""
    columns = study_columns(results)
    return {
        "runs": [
            {column: record.get(column) for column in columns} for record in study_records(results)
        ],
        "tasks": [
            {
                "task": task.plan.name,
                "title": task.plan.title,
                "kind": task.plan.task.kind,
                "signatures": _signatures(task),
                "proxy": task.proxy,
            }
            for task in results.tasks
        ],
        "failed": dict(results.failed),
        "diverged": results.diverged,
        "files": [str(path) for path in files],
    }


def _print_task(results: StudyResults, task: TaskResults, records: Sequence[Record]) -> None:
    judged = [scores("COMET", "comet"), figures("misses", "miss_rate", ".0%")]
    columns = [
        words("method"),
        *map(words, axes_beside(results)),
        figures("rows", "dataset_size"),
        figures("rank", "rank"),
        *(judged if task.plan.comet is not None else []),
        scores(_signatures(task)[0].partition("|")[0], "score"),
        differences("vs base", "difference"),
        figures("trained", "trained_parameters", ","),
        figures("train s", "training_seconds", ".1f"),
        figures("train MiB", "training_peak_memory_mib", ".0f"),
        figures("answer s", "seconds", ".1f"),
        figures("MiB", "peak_memory_mib", ".0f"),
    ]
    print_records(columns, records)
    for signature in _signatures(task):
        tell(f"Score: {signature}")


def _signatures(task: TaskResults) -> list[str]:
    runs = [*task.base, *(run for each in task.outcomes for run in each.finished)]
    if not runs:
        return []
    comet = task.comet(runs[0])
    return [runs[0].scored.main.signature, *([comet.signature] if comet else [])]
