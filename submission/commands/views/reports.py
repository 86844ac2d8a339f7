"""What commands print for people, on standard output."""

from __future__ import annotations

from collections.abc import Sequence

from evaluators import Score
from submission.check import Finding
from submission.generation.generate import Report
from submission.runs.answers import Degenerate
from submission.scoring.classification import Classification
from submission.terminal.output import tell
from submission.terminal.tables import print_table

WIDEST_CONFUSION = 20


def print_report(report: Report) -> None:
    """The result of a generation."""
    tell(
        f"Run '{report.run}': {report.rows} rows; {report.computed} prompts computed, "
        f"{report.reused} taken from the ledger."
    )
    if report.computed:
        seconds = max(report.seconds, 1e-9)
        tell(
            f"{report.engine}: {report.completion_tokens} tokens in {report.seconds:.1f} s "
            f"({report.completion_tokens / seconds:.0f} tokens/s)."
        )
    if report.retried:
        tell(f"{report.mended} of {report.retried} degenerate answers mended.")
    trouble = describe_degenerate(report.degenerate)
    if trouble:
        tell(f"Look at: {trouble} (leaderkit show {report.run}).")


def describe_degenerate(counts: Degenerate) -> str:
    """Counts of useless answers in words; empty where there are none."""
    named = [
        (counts.empty, "empty"),
        (counts.cut_off, "cut off by length"),
        (counts.too_long, "with a prompt longer than the context"),
        (counts.echoed, "echoing the question"),
        (counts.looping, "looping"),
        (counts.wrong_language, "in another language"),
        (counts.duplicated, "given to many questions"),
    ]
    return ", ".join(f"{count} {what}" for count, what in named if count)


def print_findings(findings: Sequence[Finding]) -> None:
    """What a check found, one line each."""
    for finding in findings:
        tell(f"{finding.severity.upper():7}  {finding.code}: {finding.message}")


def print_scores(scores: Sequence[Score], terms: Sequence[Score] = ()) -> None:
    """Scores with interval and signature."""
    for score in [*scores, *terms]:
        mark = "  (proxy)" if score.proxy else ""
        tell(
            f"{score.metric}: {score.value:.5f}  "
            f"[{score.low:.5f}, {score.high:.5f}]  n={score.n}{mark}"
        )
        tell(f"  {score.signature}")


WIDEST_CONFUSION = 20


def print_classification(found: Classification) -> None:
    """Scores per class, of all classes, and the confusion matrix where a terminal can hold it."""
    report = found.report
    print_table(
        ["Class", "Precision", "Recall", "F1", "Rows"],
        [
            (each.label, *(f"{value:.3f}" for value in (each.precision, each.recall, each.f1)),
             str(each.support))
            for each in report.classes
        ],
    )  # fmt: skip
    tell(
        f"n={report.n}  accuracy {report.accuracy:.5f}  balanced {report.balanced_accuracy:.5f}  "
        f"macro-F1 {report.macro_f1:.5f}  weighted-F1 {report.weighted_f1:.5f}  "
        f"micro-F1 {report.micro_f1:.5f}  MCC {report.mcc:.5f}"
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
