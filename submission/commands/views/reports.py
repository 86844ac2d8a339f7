"""What commands print for people, on standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from submission.recipes.degenerate import Degenerate
from submission.terminal import numbers
from submission.terminal.output import tell, warn
from submission.terminal.tables import INTERVAL, print_table

if TYPE_CHECKING:
    from evaluators import Score
    from submission.check import Finding
    from submission.generation.generate import Report
    from submission.scoring.breakdown import Slice
    from submission.scoring.classification import Classification
    from submission.submit.write import Written

WIDEST_CONFUSION = 20


def print_report(report: Report) -> None:
    """The result of a generation."""
    tell(
        f"Run '{report.run}': {report.rows} rows; {report.computed} prompts computed, "
        f"{report.reused} taken from the ledger."
    )
    if report.computed:
        seconds = max(report.seconds, 1e-9)
        written = (
            f"{report.completion_tokens} tokens in {report.seconds:.1f} s "
            f"({report.completion_tokens / seconds:.0f} tokens/s)"
            if report.completion_tokens
            else f"{report.seconds:.1f} s"
        )
        tell(f"{report.engine}: {written}.")
    if report.retried:
        tell(f"{report.mended} of {report.retried} degenerate answers replaced.")
    print_degenerate(report.run, report.degenerate)


def print_degenerate(run: str, counts: Mapping[str, int]) -> None:
    """A warning with the degenerate answers of each kind, where there are any."""
    named = [f"{counts[kind]} {kind.words}" for kind in Degenerate if counts[kind]]
    if found := ", ".join(named):
        warn(f"degenerate answers: {found} (leaderkit show {run})")


def print_upload(written: Written) -> None:
    """What was written, and why it may not be uploaded where it may not."""
    tell(f"Wrote {written.path}: {written.rows} rows x {written.columns} columns.")
    tell(f"Manifest: {written.manifest}")
    if not written.uploadable:
        tell(f"NOT FOR UPLOAD: {written.reason}.", style="bold red")


def print_findings(findings: Sequence[Finding]) -> None:
    """What a check found, one line each."""
    for finding in findings:
        style = "red" if finding.severity == "error" else "yellow"
        tell(f"{finding.severity.capitalize()}: {finding.code}: {finding.message}", style=style)


def print_scores(scores: Sequence[Score]) -> None:
    """Scores with their intervals, and the signature of each."""
    print_table(
        ["Metric", "Score", INTERVAL, "Rows", ""],
        [
            (
                each.metric,
                numbers.score(each.value),
                numbers.interval(each.low, each.high),
                str(each.n),
                "proxy" if each.proxy else "",
            )
            for each in scores
        ],
    )
    for signature in dict.fromkeys(each.signature for each in scores):
        tell(f"Score: {signature}")


def print_slices(column: str, slices: Sequence[Slice]) -> None:
    """The same scores on the rows of each value of a column."""
    metrics = [score.metric for score in slices[0].scores] if slices else []
    print_table(
        [column, "Rows", *(header for metric in metrics for header in (metric, INTERVAL))],
        [
            (
                each.value or "(empty)",
                str(each.rows),
                *(
                    cell
                    for score in each.scores
                    for cell in (
                        numbers.score(score.value),
                        numbers.interval(score.low, score.high),
                    )
                ),
            )
            for each in slices
        ],
        names=False,
    )


def print_classification(found: Classification) -> None:
    """Scores per class, of all classes, and the confusion matrix where a terminal can hold it."""
    report = found.report
    print_table(
        ["Class", "Precision", "Recall", "F1", "Rows"],
        [
            (
                each.label,
                *map(numbers.score, (each.precision, each.recall, each.f1)),
                str(each.support),
            )
            for each in report.classes
        ],
    )
    print_table(
        ["Accuracy", "Balanced", "Macro-F1", "Weighted-F1", "Micro-F1", "MCC", "Rows"],
        [
            (
                *map(
                    numbers.score,
                    (
                        report.accuracy,
                        report.balanced_accuracy,
                        report.macro_f1,
                        report.weighted_f1,
                        report.micro_f1,
                        report.mcc,
                    ),
                ),
                str(report.n),
            )
        ],
    )
    notes = [(found.unread, "answers name no option"), (found.left_out, "rows have no label")]
    for count, what in notes:
        if count:
            tell(f"{count} {what}.")
    if len(report.classes) <= WIDEST_CONFUSION:
        labels = [each.label for each in report.classes]
        print_table(
            ["Gold \\ answer", *labels],
            [
                (label, *map(str, counts))
                for label, counts in zip(labels, report.confusion, strict=True)
            ],
        )
