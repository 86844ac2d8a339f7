"""``leaderkit corpus run``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import rich_click as click

from baselines.commands.corpus import shared
from submission.commands import options
from submission.terminal.output import print_json, say


@click.command()
@click.argument("pipeline", type=options.FILE, metavar="PIPELINE.toml")
@click.option("--out", type=options.PLACE, required=True, help="Folder for the steps' folders.")
@shared.WORKERS
@shared.FORM
@options.as_json()
def command(pipeline: Path, out: Path, workers: int, form: Any, as_json: bool) -> None:
    """Run the steps of a pipeline, each into a folder of its own under --out.

    All settings are checked before the first step begins. Steps that are finished are not run
    again; one that was stopped goes on where it stopped.
    """
    from baselines.corpus.pipeline import Plan, run

    outcomes = []
    for outcome in run(Plan.read(pipeline), out, workers=workers, form=form, say=say):
        outcomes.append(outcome)
        if not as_json:
            shared.print_outcome(outcome, as_json=False)
    if as_json:
        print_json([shared.as_data(outcome) for outcome in outcomes])
