"""``leaderkit run``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say


@click.command()
@click.argument("experiment", type=options.FILE, metavar="EXPERIMENT.toml")
@click.option("--fresh", is_flag=True, help="Discard these runs and compute them again.")
@options.ledger()
@options.as_json()
def command(experiment: Path, fresh: bool, ledger: Path, as_json: bool) -> None:
    """Generate, score, submit and compare several recipes, as described in EXPERIMENT.toml.

    Runs whose answers are in the ledger are not computed again. If a run fails, the others
    continue; the command then exits with 3.
    """
    from baselines.commands.views.outcome import outcome_json, print_outcome
    from baselines.experiment.plan import read_experiment
    from baselines.experiment.run import run_experiment
    from baselines.grid.execute import stop_if_failed
    from submission.runs.ledger import Ledger

    declared = read_experiment(experiment)
    with Ledger(ledger) as book:
        outcome = run_experiment(declared, book, say, command=options.command_line(), fresh=fresh)
    if as_json:
        print_json(outcome_json(outcome))
    else:
        print_outcome(outcome)
    stop_if_failed(outcome.failed, len(declared.trials))
