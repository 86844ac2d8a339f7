"""What a study's end looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from baselines.commands.views.ablation import print_table
from baselines.grid.records import Record
from baselines.study.results import StudyResults, TaskResults
from baselines.study.runs_table import axes_beside, study_columns, study_records
from evaluators.text.cells import printable


def print_study(results: StudyResults, files: Sequence[Path]) -> None:
    """Each task's cells as the file has them, what their scores are, and the files."""
    records = study_records(results)
    for task in results.tasks:
        name = task.plan.name
        title = f": {task.plan.task.title}" if task.plan.task.title else ""
        click.echo(printable(f"{name}{title}"))
        mine = [each for each in records if each["task"] == name and each.get("score") is not None]
        if mine:
            _print_task(results, task, mine)
        if task.proxy_reason:
            click.secho(f"Proxy: {task.proxy_reason}.", fg="yellow")
    if results.diverged:
        click.secho(
            "Diverged, answered by weights from before (column diverged_at): "
            f"{', '.join(results.diverged)}.",
            fg="yellow",
        )
    for path in files:
        click.echo(f"Wrote {path}.")


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
                "proxy": task.proxy_reason,
            }
            for task in results.tasks
        ],
        "failed": dict(results.failed),
        "diverged": results.diverged,
        "files": [str(path) for path in files],
    }


def _print_task(results: StudyResults, task: TaskResults, records: Sequence[Record]) -> None:
    axes = axes_beside(results)
    judged = ["COMET", "misses"] if task.plan.comet is not None else []
    header = ["method", *axes, "rows", "rank", *judged, _signatures(task)[0].partition("|")[0]]
    header += ["vs base", "trained", "train s", "train MiB", "answer s", "MiB"]
    rows = []
    for record in records:
        row = [str(record["method"]), *(printable(record.get(axis) or "") for axis in axes)]
        row += [_text(record.get("dataset_size")), _text(record.get("rank"))]
        if judged:
            row += [_text(record["comet"], ".4f"), _text(record["miss_rate"], ".0%")]
        row += [_text(record["score"], ".4f"), _text(record["difference"], "+.4f")]
        row += [_text(record.get("trained_parameters"), ",")]
        row += [_text(record.get("training_seconds"), ".1f")]
        row += [_text(record.get("training_peak_memory_mib"), ".0f")]
        row += [_text(record["seconds"], ".1f"), _text(record["peak_memory_mib"], ".0f")]
        rows.append(row)
    print_table(header, rows, text=1 + len(axes))
    for signature in _signatures(task):
        click.echo(f"Score: {signature}")


def _signatures(task: TaskResults) -> list[str]:
    runs = [*task.base, *(run for each in task.outcomes for run in each.finished)]
    if not runs:
        return []
    comet = task.comet(runs[0])
    return [runs[0].scored.main.signature, *([comet.signature] if comet else [])]


def _text(value: Any, form: str = "") -> str:
    return "" if value is None else format(value, form)
