"""``leaderkit compare``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell


@click.command()
@click.argument("subjects", nargs=-1, required=True, metavar="(RUN|FILE)...")
@options.competition()
@click.option("--references", type=options.FILE, help="The reference answers.")
@options.folds()
@click.option(
    "--baseline",
    required=True,
    metavar="RUN|FILE",
    help="The run or file that the others are compared with.",
)
@click.option(
    "--out",
    type=options.PLACE,
    help="The leaderboard to write: .csv (with .breakdown.csv beside it), .md or .json.",
)
@click.option("--html", type=options.PLACE, help="HTML report to write, as one file.")
@click.option(
    "--plots", type=options.PLACE, metavar="DIR", help="Folder for the plots, as SVG and PNG."
)
@options.metrics()
@click.option(
    "--by",
    multiple=True,
    metavar="category|type|length|compound|COLUMN",
    help=(
        "Break scores down by this, also on the terminal. Repeatable. Default: those of the "
        "first four that the data has, only in --out."
    ),
)
@click.option(
    "--tokenizers",
    multiple=True,
    metavar="METRIC",
    help=(
        "Show this metric (rouge1, rougeL, bleu, …) with every tokenizer it supports, and which "
        "systems change rank. Repeatable."
    ),
)
@click.option("--test", type=options.FILE, help="The test file, for breakdowns by its questions.")
@options.encoder()
@options.references_by()
@options.ledger()
@options.as_json()
def command(
    subjects: tuple[str, ...],
    competition: str,
    references: Path | None,
    folds: Path | None,
    baseline: str,
    out: Path | None,
    html: Path | None,
    plots: Path | None,
    metrics: tuple[str, ...],
    metric_models: tuple[str, ...],
    fast: bool,
    by: tuple[str, ...],
    tokenizers: tuple[str, ...],
    test: Path | None,
    encoder: str | None,
    references_by: options.ReferencesBy | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Compare runs, and files made elsewhere, with a baseline on the same rows.

    Differences come with a 95% bootstrap interval, a paired test corrected for the number of
    comparisons (Holm), and the smallest detectable difference. Known scores of the organizer's
    leaderboard are listed below, marked as such. With --folds, the answers of the
    runs over each fold are joined to one over all rows, and the spread between folds is shown.
    """
    from submission.commands.views.comparison import comparison_json, print_comparison
    from submission.compare import compare, write_leaderboard
    from submission.compare.write import require_suffix
    from submission.competitions import find_competition
    from submission.scoring.folds import load_gold
    from submission.scoring.metrics import Models
    from submission.scoring.progress import show_progress
    from submission.scoring.scorer import Scorer

    if out is not None:
        require_suffix(out)
    contest = find_competition(competition)
    models = Models.read(metric_models, fast=fast)
    scorer = Scorer.of(contest, encoder, references_by, models=models, progress=show_progress)
    gold, dealt = load_gold(contest.profile, references, folds)
    with options.open_if_there(ledger) as book:
        comparison = compare(
            contest,
            scorer,
            book,
            subjects,
            baseline,
            gold,
            metrics=metrics,
            by=by,
            tokenizers=tokenizers,
            test=test,
            folds=dealt,
        )
        files = [] if out is None else write_leaderboard(comparison, out)
        if html is not None or plots is not None:
            from submission.compare.report import build_report, write_html, write_plots

            report = build_report(comparison, contest, gold.rows, book)
            files += [] if html is None else [write_html(report, html)]
            files += [] if plots is None else write_plots(report, plots)
    if as_json:
        print_json(comparison_json(comparison, files))
        return
    print_comparison(comparison, groups=bool(by))
    for path in files:
        tell(f"Wrote {path}.")
