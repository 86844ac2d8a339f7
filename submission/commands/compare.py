"""``leaderkit compare``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options


@click.command()
@click.argument("subjects", nargs=-1, required=True, metavar="(RUN|FILE)...")
@options.competition()
@click.option("--references", type=options.FILE, required=True, help="The reference answers.")
@click.option(
    "--baseline", required=True, metavar="RUN|FILE", help="What the others are tested against."
)
@click.option("--out", type=options.FILE, required=True, help="The leaderboard CSV to write.")
@options.encoder()
@options.references_by()
@options.ledger()
@options.as_json()
def command(
    subjects: tuple[str, ...],
    competition: str,
    references: Path,
    baseline: str,
    out: Path,
    encoder: str | None,
    references_by: options.ReferencesBy | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Compare runs, and files made elsewhere, with a baseline on the same rows.

    Differences come with a paired sign-flip test and a 95 % bootstrap interval. Scores that the
    organizer's leaderboard is known to have shown stand below, marked as such.
    """
    from submission.commands.printing import comparison_json, print_comparison
    from submission.compare import compare, write_leaderboard
    from submission.competitions import find_competition
    from submission.ledger import Ledger
    from submission.scoring import Scorer, load_references

    contest = find_competition(competition)
    scorer = Scorer(contest, encoder, references_by)
    gold = load_references(contest, references)
    with Ledger(ledger) as book:
        comparison = compare(scorer, book, subjects, baseline, gold, references)
    write_leaderboard(comparison, out)
    if as_json:
        options.print_json(comparison_json(comparison, out))
    else:
        print_comparison(comparison)
        click.echo(f"Wrote {out}.")
