"""``leaderkit runs``."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.numbers import minute, seconds
from submission.terminal.output import print_json, tell
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.runs.ledger import Ledger
    from submission.runs.rows import Progress, Run


@click.command()
@options.ledger()
@options.as_json()
def command(ledger: Path, as_json: bool) -> None:
    """List the runs in the ledger, oldest first, with their progress and degenerate answers."""
    from submission.runs.costs import spent_on

    with options.open_existing(ledger) as book:
        runs = [(run, book.progress(run.name), _counts(book, run.name)) for run in book.runs()]
        accounts = [spent_on(book, run.name) for run, _, _ in runs] if as_json else []
    if as_json:
        entries = [_entry(*each) for each in runs]
        print_json(
            [
                {**entry, "account": account and asdict(account)}
                for entry, account in zip(entries, accounts, strict=True)
            ]
        )
    elif runs:
        _print(runs)
    else:
        tell(f"No runs in {ledger} yet.")


def _counts(book: Ledger, run: str) -> dict[str, int] | None:
    from submission.runs.answers import OtherVersionError, count_degenerate

    try:
        return count_degenerate(book, run, partial=True)
    except OtherVersionError:  # listed all the same
        return None


def _entry(run: Run, progress: Progress, counts: dict[str, int] | None) -> dict[str, Any]:
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
        "degenerate": counts,
        "completion_tokens": progress.completion_tokens,
        "seconds": run.seconds,
    }


def _print(runs: list[tuple[Run, Progress, dict[str, int] | None]]) -> None:
    print_table(
        ["Run", "Recipe", "Competition", "Rows", "Degenerate", "Seconds", "Created (UTC)"],
        [
            (
                run.name,
                str(json.loads(run.recipe)["name"]),
                run.competition,
                f"{progress.done}/{progress.rows}",
                str(counts["any"]) if counts else "",
                seconds(run.seconds),
                minute(run.created),
            )
            for run, progress, counts in runs
        ],
    )
