"""``leaderkit ablate``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, say


@click.command()
@click.argument("grid", type=options.FILE, metavar="GRID.toml")
@click.option("--fresh", is_flag=True, help="Discard these runs and compute them again.")
@click.option("--html", type=options.PLACE, help="HTML report to write, as one file.")
@click.option(
    "--plots", type=options.PLACE, metavar="DIR", help="Folder for the plots, as SVG and PNG."
)
@options.ledger()
@options.as_json()
def command(
    grid: Path, fresh: bool, html: Path | None, plots: Path | None, ledger: Path, as_json: bool
) -> None:
    """Run every combination of some recipe fields, and estimate the effect of each choice.

    Cells with the same model load it once. Answers in the ledger are not computed again, so the
    same command resumes. If a run fails, the others continue; the command then exits with 3.
    """
    from baselines.ablation.cells_and_effects import write_tables
    from baselines.ablation.run import read_grid, run_grid
    from baselines.commands.views.ablation import ablation_json, print_ablation
    from baselines.grid.execute import stop_if_failed
    from submission.runs.ledger import Ledger

    declared = read_grid(grid)
    with Ledger(ledger) as book:
        results = run_grid(declared, book, say, command=options.command_line(), fresh=fresh)
        files = write_tables(results)
        if results.finished and (html is not None or plots is not None):
            from baselines.ablation.page import ablation_report
            from submission.compare.report import write_html, write_plots

            report = ablation_report(results, book)
            files += [] if html is None else [write_html(report, html)]
            files += [] if plots is None else write_plots(report, plots)
    if as_json:
        print_json(ablation_json(results, files))
    else:
        print_ablation(results, files)
    stop_if_failed(results.failed, len(declared.trials))
