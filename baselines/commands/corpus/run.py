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
@click.option(
    "--ray",
    metavar="ADDRESS",
    help="Spread each step over a Ray cluster (HOST:PORT); 'local' starts Ray here. Every node "
    "needs this version of leaderkit and the same paths, that of --out among them.",
)
@options.as_json()
def command(
    pipeline: Path, out: Path, workers: int, form: Any, ray: str | None, as_json: bool
) -> None:
    """Run the steps of a pipeline, each into a folder of its own under --out.

    All settings are checked before the first step begins. Steps that are finished are not run
    again; one that was stopped goes on where it stopped.
    """
    from contextlib import nullcontext

    from baselines.corpus.on_ray import OnRay
    from baselines.corpus.pipeline import Plan, run

    plan = Plan.read(pipeline)
    outcomes = []
    with nullcontext() if ray is None else OnRay(ray, workers) as cluster:
        for outcome in run(plan, out, workers=workers, form=form, say=say, ray=cluster):
            outcomes.append(outcome)
            if not as_json:
                shared.print_outcome(outcome, as_json=False)
    if as_json:
        print_json([shared.as_data(outcome) for outcome in outcomes])
