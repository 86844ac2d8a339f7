"""``leaderkit ensemble``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell

if TYPE_CHECKING:
    from submission.ensemble import Report
    from submission.submit.write import Written


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--by",
    required=True,
    metavar="majority|probability|mbr|mbr:METRIC|vector",
    help="How several answers become one.",
)
@click.option("--run", "run_name", metavar="NAME", help="Name of the new run.")
@options.competition()
@click.option("--template", type=options.FILE, help="With vector: the sample submission.")
@click.option("--out", type=options.PLACE, help="With vector: the submission to write.")
@click.option(
    "--metric-model",
    "metric_models",
    multiple=True,
    metavar="METRIC=PATH",
    help="Model for a metric. Repeatable.",
)
@click.option(
    "--fresh", is_flag=True, help="Discard the run that has this name, and make it again."
)
@options.encoder()
@options.ledger()
@options.as_json()
def command(
    runs: tuple[str, ...],
    by: str,
    run_name: str | None,
    competition: str,
    template: Path | None,
    out: Path | None,
    metric_models: tuple[str, ...],
    fresh: bool,
    encoder: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Combine several runs, or the samples of one, into one run.

    majority takes the most frequent answer; ties are broken by the highest sum of character F1 with
    the other answers. probability takes the label with the highest mean probability, for answers
    that were chosen by likelihood. mbr takes the answer that agrees most with the others (minimum
    Bayes risk), by the competition's formula or any metric; no reference is used. vector writes the
    mean of the answers' vectors as a submission, where the competition's rules allow it.
    """
    from submission.competitions import find_competition
    from submission.ensemble import VECTOR, Method, ensemble, find_members, write_mean
    from submission.scoring.metrics import Models
    from submission.scoring.progress import show_progress
    from submission.scoring.scorer import Scorer

    method = Method.read(by)
    contest = find_competition(competition)
    scorer = Scorer.of(contest, encoder, models=Models.read(metric_models), progress=show_progress)
    typed = options.command_line()
    if method.name == VECTOR:
        if template is None or out is None or run_name is not None:
            raise click.UsageError(
                "--by vector writes a submission: give --template and --out instead of --run."
            )
        with options.open_existing(ledger) as book:
            found = find_members(book, contest, runs)
            written = write_mean(found, contest, scorer, book, template, out, typed)
        _tell_written(written, as_json=as_json)
        return
    if run_name is None or not run_name.strip() or template is not None or out is not None:
        raise click.UsageError(
            f"--by {by} makes a run: name it with --run; --template and --out are for vector."
        )
    with options.open_existing(ledger) as book:
        found = find_members(book, contest, runs)
        report = ensemble(run_name, found, method, scorer, book, command=typed, fresh=fresh)
    if as_json:
        print_json(asdict(report))
    else:
        _print(report)


def _tell_written(written: Written, *, as_json: bool) -> None:
    from submission.commands.views.reports import print_upload

    if as_json:
        print_json(
            {
                "file": str(written.path),
                "manifest": str(written.manifest),
                "rows": written.rows,
                "uploadable": written.uploadable,
                "not_for_upload_because": written.reason,
            }
        )
        return
    print_upload(written)


def _print(report: Report) -> None:
    tell(f"Run '{report.run}': {report.rows} rows by {report.by}.")
    told = f"{report.unanimous} rows unanimous"
    if report.decided is not None:
        tied = report.rows - report.unanimous - report.decided
        told += f", {report.decided} by more votes, {tied} by the tie break"
    tell(f"{told}.")
    for member, rows in zip(report.members, report.taken, strict=True):
        sample = f", sample {member.sample}" if member.sample else ""
        tell(f"  {member.run}{sample}: {rows} rows taken")
