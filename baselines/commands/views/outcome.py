"""What an experiment's end looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from baselines.experiment.run import Outcome
from submission.commands.views.comparison import comparison_json, print_comparison
from submission.commands.views.reports import print_findings
from submission.commands.views.tables import print_table
from submission.scoring.classification import Classification


def print_outcome(outcome: Outcome) -> None:
    """Submissions, leaderboard, and what failed."""
    for written, findings in outcome.submissions:
        click.echo(
            f"\nSubmission: {written.path} ({written.rows} rows x {written.columns} columns)"
        )
        click.echo(f"Manifest:   {written.manifest}")
        print_findings([each for each in findings if each.code != "not-for-upload"])
        if not any(finding.severity == "error" for finding in findings):
            click.echo("Check:      fits the template")
        if not written.uploadable:
            click.secho(f"*** NOT FOR UPLOAD: {written.reason}. ***", fg="red", bold=True)
    if outcome.comparison is not None:
        click.echo()
        print_comparison(outcome.comparison)
        click.echo(f"Leaderboard: {outcome.leaderboard}")


def print_classes(classes: Mapping[str, Classification]) -> None:
    """How several runs' answers do as labels, a line each; unread ones name no option."""
    print_table(
        ["Run", "Accuracy", "Balanced", "Macro-F1", "MCC", "Unread", "Rows"],
        [
            (
                name,
                *(
                    f"{value:.3f}"
                    for value in (
                        found.report.accuracy,
                        found.report.balanced_accuracy,
                        found.report.macro_f1,
                        found.report.mcc,
                    )
                ),
                str(found.unread),
                str(found.report.n),
            )
            for name, found in classes.items()
        ],
    )


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values."""
    compared = None
    if outcome.comparison is not None and outcome.leaderboard is not None:
        compared = comparison_json(outcome.comparison, [outcome.leaderboard])
    return {
        "runs": [asdict(report) for report in outcome.reports],
        "submissions": [
            {
                "file": str(written.path),
                "manifest": str(written.manifest),
                "uploadable": written.uploadable,
                "reason": written.reason,
                "findings": [asdict(finding) for finding in findings],
            }
            for written, findings in outcome.submissions
        ],
        "comparison": compared,
        "failed": outcome.failed,
    }
