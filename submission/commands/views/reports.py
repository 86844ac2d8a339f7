"""What commands print for people, on standard output."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from submission.recipes.degenerate import Degenerate
from submission.terminal import numbers
from submission.terminal.output import tell, warn
from submission.terminal.progress import duration
from submission.terminal.tables import INTERVAL, print_table

if TYPE_CHECKING:
    from evaluators import Score
    from evaluators.reliability import Reliability
    from submission.check import Finding
    from submission.engines.account import Account
    from submission.generation.generate import Report
    from submission.scoring.breakdown import Slice
    from submission.scoring.cases import CaseReport
    from submission.scoring.classification import Classification
    from submission.scoring.folds import FoldSpread
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
    if report.expected is not None:
        found = report.expected
        middle, low, high = map(duration, (found.seconds, found.low, found.high))
        tell(
            f"The other {report.left} prompts take about {middle} ({low} to {high}) at this speed; "
            "with more rows at once, an engine is faster."
        )
    for currency, amount in report.expected_money.items():
        tell(f"They cost about {numbers.money(amount, currency)}, at the mean so far.")
    if report.account is not None:
        tell(f"The run so far: {account_line(report.account)}.")
    if report.retried:
        tell(f"{report.mended} of {report.retried} degenerate answers replaced.")
    print_degenerate(report.run, report.degenerate)


def account_line(account: Account) -> str:
    """What a run has cost, and what of that is not known, in a line."""
    told = [
        f"{account.prompt_tokens:,} input tokens ({account.cached_tokens:,} cached)",
        f"{account.completion_tokens:,} output tokens ({account.reasoning_tokens:,} of thinking)",
        *(numbers.money(amount, currency) for currency, amount in account.money.items()),
    ]
    if not account.money:
        told.append("cost unknown")
    elif account.unpriced:
        told.append(f"cost of {account.unpriced:,} replies unknown")
    if account.unmetered:
        told.append(f"{account.unmetered:,} replies without a count of tokens")
    if account.uncertain:
        told.append(f"{account.uncertain:,} requests without a reply, which may have been charged")
    return ", ".join(told)


def print_degenerate(run: str, counts: Mapping[str, int]) -> None:
    """A warning with the degenerate answers of each kind, where there are any."""
    named = [f"{counts[kind]} {kind.words}" for kind in Degenerate if counts[kind]]
    if found := ", ".join(named):
        warn(f"degenerate answers: {found} (leaderkit show {run})")


def print_folds(systems: Sequence[FoldSpread]) -> None:
    """What each system scores on every fold, the mean, and the standard deviation."""
    print_table(
        ["By fold", *systems[0].scores, "Mean", "SD"],
        [
            (each.run, *map(numbers.scored, [*each.scores.values(), each.mean, each.deviation]))
            for each in systems
        ],
    )


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


def print_slices(column: str, metrics: Sequence[str], slices: Sequence[Slice]) -> None:
    """The scores by ``metrics`` on the rows of each value of a column."""
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
                        numbers.scored(score.value if score else None),
                        numbers.interval(score.low, score.high) if score else "",
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


def print_reliability(found: Reliability) -> None:
    """How often answers are right, by their probability: the reliability diagram as a table."""
    print_table(
        ["Probability", "Mean", "Accuracy", "Rows"],
        [
            (
                f"{each.low:.2f}-{each.high:.2f}",
                numbers.scored(each.confidence),
                numbers.scored(each.accuracy),
                str(each.n),
            )
            for each in found.bins
            if each.n
        ],
        names=False,
    )
    tell(
        f"Calibration over {found.n} rows: ECE {numbers.score(found.ece)} ({len(found.bins)} bins "
        f"of equal width), Brier {numbers.score(found.brier)}."
    )


def print_cases(cases: CaseReport) -> None:
    """How many cases of a competition's folder hold, and which were not run."""
    tell()
    for reason in cases.skipped:
        tell(f"Skipped: case {reason}.")
    if cases.trial is not None:
        tell(f"The formula's code has no case in cases.json: it was {cases.trial}.")
    tell(f"{cases.hold} cases hold." if cases.hold != 1 else "1 case holds.")
