"""``leaderkit submit``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json


@click.command()
@options.competition()
@options.subject()
@click.option("--template", type=options.FILE, required=True, help="The organizer's template.")
@click.option("--out", type=options.PLACE, required=True, help="The submission file to write.")
@options.encoder()
@options.ledger()
@options.as_json()
def command(
    competition: str,
    run_name: str | None,
    predictions: Path | None,
    answer_column: str | None,
    template: Path,
    out: Path,
    encoder: str | None,
    ledger: Path,
    as_json: bool,
) -> None:
    """Write the submission file of a run, or of answers made elsewhere, and check it.

    A manifest beside the file says how it was made and whether it may be uploaded. Exits with 1 if
    the written file does not pass its own check.
    """
    from submission.check import check_submission
    from submission.commands.views.reports import print_findings, print_upload
    from submission.competitions import find_competition
    from submission.errors import CheckFailed
    from submission.scoring.scorer import Scorer
    from submission.scoring.subjects import choose_subject
    from submission.submit.write import write_submission

    contest = find_competition(competition)
    with options.open_for(run_name, ledger) as book:
        subject = choose_subject(
            contest.profile, book, run_name, predictions, answer_column, competition=contest.name
        )
        scorer = Scorer.of(contest, encoder)
        written = write_submission(
            contest, scorer, subject, template, out, command=options.command_line(), ledger=book
        )
    has_vectors = contest.profile.submission.vectors is not None
    findings = check_submission(
        contest.profile, out, template, encoder=scorer.encoder if has_vectors else None
    )
    failed = any(finding.severity == "error" for finding in findings)
    if as_json:
        print_json(
            {
                "file": str(written.path),
                "manifest": str(written.manifest),
                "rows": written.rows,
                "columns": written.columns,
                "uploadable": written.uploadable and not failed,
                "reason": written.reason,
                "findings": [options.plain(finding) for finding in findings],
            }
        )
    else:
        print_upload(written)
        print_findings([each for each in findings if each.code != "not-for-upload"])
    if failed:
        raise CheckFailed(f"{out} was written but does not pass its check.")
