"""``leaderkit holdout``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell, warn
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from submission.holdout import Report
    from submission.holdout.closeness import Closeness


@click.command()
@options.competition()
@click.option("--train", type=options.FILE, required=True, help="The organizer's training file.")
@click.option(
    "--out", type=options.PLACE, required=True, metavar="DIR", help="New folder for the files."
)
@click.option(
    "--share", type=float, default=0.2, show_default=True, help="Share of the rows to hold out."
)
@click.option(
    "--joined",
    type=float,
    help="Share of test cells that hold two questions. Default: 0.5 where train has several "
    "phrasings of a question, else 0.",
)
@click.option(
    "--match",
    "like",
    type=options.FILE,
    metavar="TEST",
    help="The organizer's test file: the local one gets its share of cells with two questions, its "
    "lengths and, where it names them, its categories.",
)
@click.option(
    "--similarity",
    type=float,
    default=0.8,
    show_default=True,
    help="Questions at least this similar (0 to 1) stay on the same side.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random draw.")
@options.as_json()
def command(
    competition: str,
    train: Path,
    out: Path,
    share: float,
    joined: float | None,
    like: Path | None,
    similarity: float,
    seed: int,
    as_json: bool,
) -> None:
    """Make a local test set from the organizer's training file, without leakage.

    Writes train.csv (what remains), test.csv, references.csv, sample_submission.csv and
    holdout.json. Rows that ask nearly the same, or share an answer or a context, stay on the same
    side.
    """
    from submission.competitions import find_competition
    from submission.holdout import Options, hold_out

    chosen = Options(share=share, joined=joined, similarity=similarity, seed=seed)
    report = hold_out(find_competition(competition).profile, train, out, chosen, like)
    for warning in report.warnings:
        warn(warning)
    if as_json:
        print_json({"out": str(out), **asdict(report)})
    else:
        _print(report, out, similarity)


def _print(report: Report, out: Path, similarity: float) -> None:
    counts, groups = report.counts, report.groups
    tell(
        f"Held out {counts.held_out} of {counts.rows} rows as {counts.test} test cells, "
        f"{counts.joined} of them with two questions; {counts.train} rows stay in train."
    )
    tell(
        f"Groups: {groups.total}; {groups.joined} join two rows or more, "
        f"the largest {groups.largest}."
    )
    if len(report.categories) > 1:
        shares = ", ".join(f"{one.category} {one.held_out}/{one.rows}" for one in report.categories)
        tell(f"Held out by category: {shares}.")
    if report.closest:
        closest = report.closest
        tell(
            f"Closest that remain: {closest.test} and {closest.train}, similarity "
            f"{closest.similarity:.3f} (limit {similarity:g})."
        )
    if report.closeness:
        _print_closeness(report.closeness)
    tell(f"Wrote {out}.")


def _print_closeness(closeness: Closeness) -> None:

    print_table(
        ["Like the test file", "Target", "Got"],
        [(each.name, f"{each.target:g}", f"{each.got:g}") for each in closeness.features],
    )
    tell(
        f"Lengths are off by {closeness.off:.1f} characters on average ({closeness.off_share:.0%})."
    )
