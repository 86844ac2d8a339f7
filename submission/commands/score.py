"""``leaderkit score``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options


@click.command()
@options.competition()
@options.subject()
@click.option("--references", type=options.FILE, required=True, help="The reference answers.")
@click.option(
    "--metric",
    "metrics",
    multiple=True,
    metavar="SPEC",
    help="A further metric: NAME[:key=value,…], such as f1:rule=korquad1. Repeatable.",
)
@click.option("--rows", "rows_file", type=options.FILE, help="Write id,metric,value per row here.")
@options.encoder()
@options.references_by()
@options.ledger()
@options.as_json()
def command(
    competition: str,
    run_name: str | None,
    predictions: Path | None,
    answer_column: str | None,
    references: Path,
    metrics: tuple[str, ...],
    rows_file: Path | None,
    encoder: str | None,
    references_by: options.ReferencesBy | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Score answers by the organizer's formula, and by any further metric.

    Every number comes with its signature, the number of rows and a 95 % bootstrap interval. A
    proxy is named one, and why.
    """
    from submission.commands.printing import print_scores
    from submission.competitions import find_competition
    from submission.scoring import Scorer, choose_subject, load_references, score_subject
    from submission.tables import write_csv

    contest = find_competition(competition)
    with options.open_for(run_name, ledger) as book:
        subject = choose_subject(contest, book, run_name, predictions, answer_column)
        scorer = Scorer(contest, encoder, references_by)
        gold = load_references(contest, references)
        scored = score_subject(scorer, subject, gold, metrics, book, references)
    if rows_file is not None:
        rows: list[list[str | float]] = [
            [example.id, score.metric, float(value)]
            for score in scored.scores
            for example, value in zip(scored.examples, score.rows, strict=True)
        ]
        write_csv(rows_file, ["id", "metric", "value"], rows, bom=False)
    if as_json:
        options.print_json({"scores": [score.to_dict() for score in scored.scores]})
        return
    print_scores(scored.scores)
    if scorer.proxy_reason:
        click.secho(f"Proxy: {scorer.proxy_reason}.", fg="yellow")
