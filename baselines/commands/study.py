"""``leaderkit study``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say


@click.command()
@click.argument("grid", type=options.FILE, metavar="GRID.toml")
@click.option(
    "--model", type=options.NAME, metavar="NAME|FOLDER", help="Base model instead of the recipe's."
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Discard the answers of these runs and generate them again; trainings are kept.",
)
@options.ledger()
@options.as_json()
def command(grid: Path, model: str | None, fresh: bool, ledger: Path, as_json: bool) -> None:
    """Train, merge and evaluate every combination of some training fields, on several tasks.

    The untuned model answers each task once. Finished trainings and answers in the ledger are not
    computed again, so the same command resumes. If a cell fails, the others continue; the command
    then exits with 3.
    """
    from baselines.commands.views.study import print_study, study_json
    from baselines.grid.execute import stop_if_failed
    from baselines.study.plan import read_study
    from baselines.study.plot import write_plots
    from baselines.study.published import write_published
    from baselines.study.run import run_study
    from baselines.study.runs_table import write_study
    from submission.runs.ledger import Ledger

    declared = read_study(grid, model)
    with Ledger(ledger) as book:
        results = run_study(declared, book, say, command=options.command_line(), fresh=fresh)
    files = [write_study(results), *write_published(results), *write_plots(results)]
    if as_json:
        print_json(study_json(results, files))
    else:
        print_study(results, files)
    stop_if_failed(results.failed, sum(len(plan.grid.trials) for plan in declared.tasks))
