"""``leaderkit holdout``."""

from __future__ import annotations

from collections.abc import Sequence
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
    from submission.holdout.groups import Grouping


@click.command()
@options.competition()
@click.option("--train", type=options.FILE, required=True, help="The organizer's training file.")
@click.option(
    "--out", type=options.PLACE, required=True, metavar="DIR", help="New folder for the files."
)
@click.option("--share", type=float, help="Share of the rows to hold out. Default: 0.2.")
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
@click.option(
    "--group-by",
    metavar="COLUMN",
    help="Rows with the same text in this column of train stay on the same side.",
)
@click.option(
    "--by-time",
    metavar="COLUMN",
    help="Hold out the latest rows, by the dates in this column of train.",
)
@click.option(
    "--folds",
    type=int,
    metavar="K",
    help="Make K test sets that hold out every row once, in the folders fold-1 to fold-K.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random draw.")
@options.as_json()
def command(
    competition: str,
    train: Path,
    out: Path,
    share: float | None,
    joined: float | None,
    like: Path | None,
    similarity: float,
    group_by: str | None,
    by_time: str | None,
    folds: int | None,
    seed: int,
    as_json: bool,
) -> None:
    """Make a local test set from the organizer's training file, without leakage.

    Writes train (what remains), test, references and sample_submission in the formats of the
    competition's own files, and holdout.json. Rows that ask nearly the same, or share an answer or
    a context, stay on the same side; answers that are labels of a closed set may be shared, and are
    spread as in train. With --folds, each fold's folder has these files, and references and
    folds.csv beside them are about all folds.
    """
    from submission.competitions import find_competition
    from submission.holdout import Options, hold_out, hold_out_folds
    from submission.records.checked import unchecked

    chosen = Options(
        share=share,
        joined=joined,
        similarity=similarity,
        seed=seed,
        group_by=group_by,
        by_time=by_time,
        folds=folds,
    )
    if (told := unchecked(train)) is not None:
        warn(told)
    profile = find_competition(competition).profile
    if folds is None:
        report = hold_out(profile, train, out, chosen, like)
        reports, warnings = [report], report.warnings
        plain = asdict(report)
    else:
        if like is not None:
            chosen.refuse_match()
        found = hold_out_folds(profile, train, out, chosen, folds)
        reports = list(found.folds)
        warnings = (*found.warnings, *dict.fromkeys(w for each in reports for w in each.warnings))
        plain = asdict(found)
    for warning in warnings:
        warn(warning)
    if as_json:
        print_json({"out": str(out), **plain})
        return
    if folds is None:
        _print(reports[0], similarity)
    else:
        _print_folds(reports)
    tell(f"Wrote {out}.")


def _print_folds(reports: Sequence[Report]) -> None:
    tell(_grouping(reports[0].groups))
    print_table(
        ["Fold", "Train", "Held out", "Test cells", "Labels", "Closest that remain"],
        [
            (
                str(number),
                str(each.counts.train),
                str(each.counts.held_out),
                str(each.counts.test),
                _labels(each),
                f"{each.closest.similarity:.3f}" if each.closest else "",
            )
            for number, each in enumerate(reports, start=1)
        ],
    )


def _grouping(groups: Grouping) -> str:
    return (
        f"Groups: {groups.total}; {groups.joined} join two rows or more, "
        f"the largest {groups.largest}."
    )


def _labels(report: Report) -> str:
    return ", ".join(f"{one.label} {one.held_out}/{one.rows}" for one in report.labels)


def _print(report: Report, similarity: float) -> None:
    counts = report.counts
    tell(
        f"Held out {counts.held_out} of {counts.rows} rows as {counts.test} test cells, "
        f"{counts.joined} of them with two questions; {counts.train} rows stay in train."
    )
    tell(_grouping(report.groups))
    if len(report.categories) > 1:
        shares = ", ".join(f"{one.category} {one.held_out}/{one.rows}" for one in report.categories)
        tell(f"Held out by category: {shares}.")
    if report.labels:
        tell(f"Held out by label: {_labels(report)}.")
    if report.closest:
        closest = report.closest
        tell(
            f"Closest that remain: {closest.test} and {closest.train}, similarity "
            f"{closest.similarity:.3f} (limit {similarity:g})."
        )
    if report.closeness:
        _print_closeness(report.closeness)


def _print_closeness(closeness: Closeness) -> None:
    print_table(
        ["Like the test file", "Target", "Got"],
        [(each.name, f"{each.target:g}", f"{each.got:g}") for each in closeness.features],
    )
    tell(
        f"Lengths are off by {closeness.off:.1f} characters on average ({closeness.off_share:.0%})."
    )
