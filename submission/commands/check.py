"""``leaderkit check``."""

from __future__ import annotations

from pathlib import Path

import rich_click as click

from submission.commands import options
from submission.terminal.output import print_json, tell


@click.command()
@options.competition()
@click.option("--submission", type=options.FILE, required=True, help="The file to check.")
@click.option("--template", type=options.FILE, required=True, help="The organizer's template.")
@click.option(
    "--test",
    type=options.FILE,
    help="The organizer's test file, for answers that must be as long as its cells.",
)
@options.encoder()
@click.option("--final", is_flag=True, help="Also check whether the file may be uploaded.")
@options.as_json()
def command(
    competition: str,
    submission: Path,
    template: Path,
    test: Path | None,
    encoder: str | None,
    final: bool,
    as_json: bool,
) -> None:
    """Check a submission file against the organizer's template.

    Prints all problems at once. Exits with 0 if there are none, 1 if the file has any, 2 if the
    file is missing or the template cannot be used.
    """
    from submission.check import check_submission
    from submission.commands.views.reports import print_findings
    from submission.competitions import find_competition
    from submission.errors import CheckFailed
    from submission.scoring.scorer import Scorer

    contest = find_competition(competition)
    # Without --encoder a missing model is no reason not to check the rest.
    has_vectors = contest.profile.submission.vectors is not None
    own = Scorer.of(contest, encoder).encoder if encoder is not None and has_vectors else None
    findings = check_submission(
        contest.profile, submission, template, encoder=own, final=final, test=test
    )
    errors = sum(finding.severity == "error" for finding in findings)
    if as_json:
        print_json({"ok": not errors, "findings": [options.plain(finding) for finding in findings]})
    else:
        print_findings(findings)
        if not errors:
            tell(f"{submission}: fits {template}.")
    if errors:
        raise CheckFailed(f"{submission}: {errors} finding(s) make it unfit.")
