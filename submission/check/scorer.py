"""Where the organizer's scorer would stop instead of giving a score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from submission.check.findings import Finding, Severity, error
from submission.competitions.profile import Profile


def check_scorer(profile: Profile, findings: Sequence[Finding]) -> Iterator[Finding]:
    """An error for every quirk of the scorer at which it stops, given what else was found."""
    for quirk in profile.quirks:
        causes = [
            each
            for each in findings
            if each.severity is Severity.ERROR and each.code in quirk.fails
        ]
        if causes:
            yield error(
                "scorer-stops",
                f"The organizer's scorer stops with an error: {quirk.text}",
                row=causes[0].row,
                column=causes[0].column,
                count=sum(each.count for each in causes),
            )
