"""``leaderkit runs``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.commands.listing import print_table

if TYPE_CHECKING:
    from submission.ledger import Progress, Run


@click.command()
@options.ledger()
@options.as_json()
def command(ledger: Path, as_json: bool) -> None:
    """List the runs in the ledger, oldest first, and how far each one is."""
    with options.open_existing(ledger) as book:
        runs = [(run, book.progress(run.name)) for run in book.runs()]
    if as_json:
        options.print_json([_entry(run, progress) for run, progress in runs])
    elif runs:
        _print(runs)
    else:
        click.echo(f"No runs in {ledger} yet.")


def _entry(run: Run, progress: Progress) -> dict[str, Any]:
    return {
        "name": run.name,
        "competition": run.competition,
        "recipe": json.loads(run.recipe)["name"],
        "engine": run.engine,
        "test_file": run.test_file,
        "created": run.created,
        "finished": run.finished,
        "rows": progress.rows,
        "done": progress.done,
        "completion_tokens": progress.completion_tokens,
        "seconds": run.seconds,
    }


def _print(runs: list[tuple[Run, Progress]]) -> None:
    print_table(
        ["Run", "Recipe", "Competition", "Rows", "Seconds", "Created (UTC)"],
        [
            (
                run.name,
                str(_entry(run, progress)["recipe"]),
                run.competition,
                f"{progress.done} of {progress.rows}",
                f"{run.seconds:.1f}",
                run.created[:16].replace("T", " "),
            )
            for run, progress in runs
        ],
    )
