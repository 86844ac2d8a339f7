"""What an experiment's end looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from baselines.experiment.run import Outcome
from submission.commands.views.comparison import comparison_json, print_comparison
from submission.commands.views.reports import print_findings, print_upload
from submission.scoring.classification import Classification
from submission.terminal import numbers
from submission.terminal.output import tell
from submission.terminal.tables import print_table


def print_outcome(outcome: Outcome) -> None:
    """Submissions, leaderboard, and what failed."""
    for written, findings in outcome.submissions:
        tell()
        print_upload(written)
        print_findings([each for each in findings if each.code != "not-for-upload"])
        if not any(finding.severity == "error" for finding in findings):
            tell("Check: fits the template.")
    if outcome.comparison is not None:
        tell()
        print_comparison(outcome.comparison)
        tell(f"Leaderboard: {outcome.leaderboard}")


def print_classes(classes: Mapping[str, Classification]) -> None:
    """How several runs' answers do as labels, a line each; unread ones name no option."""
    print_table(
        ["Run", "Accuracy", "Balanced", "Macro-F1", "MCC", "Unread", "Rows"],
        [
            (
                name,
                *map(
                    numbers.score,
                    (
                        found.report.accuracy,
                        found.report.balanced_accuracy,
                        found.report.macro_f1,
                        found.report.mcc,
                    ),
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
