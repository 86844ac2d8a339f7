"""Answers as labels: how often each is right, and what is taken for what."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from evaluators import ClassificationReport, Example, classification_report
from evaluators.metrics.accuracy import read_choice
from submission.errors import InputError

Reading = Literal["labels", "choice"]
UNREAD = ""


@dataclass(frozen=True)
class Classification:
    """A report over the rows whose gold is a label.

    ``unread`` answers of these name no option; they are wrong and in no class. ``left_out`` rows
    have a gold that is no label.
    """

    report: ClassificationReport
    unread: int
    left_out: int

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {**self.report.to_dict(), "unread": self.unread, "left_out": self.left_out}


def classify(examples: Sequence[Example], reading: Reading) -> Classification:
    """Compare answers with the first reference, as labels as they stand, or as chosen options.

    Raises :class:`InputError` where no row's gold is a label.
    """
    examples = [example for example in examples if example.answered]
    pairs = [_pair(example, reading) for example in examples if example.references]
    labelled = [(gold, predicted) for gold, predicted in pairs if gold]
    if not labelled:
        what = "names an option" if reading == "choice" else "holds a label"
        raise InputError(f"No reference {what}: these rows cannot be classified.")
    gold, predicted = zip(*labelled, strict=True)
    classes = sorted({*gold, *predicted} - {UNREAD}, key=_natural)
    return Classification(
        report=classification_report(gold, predicted, classes),
        unread=predicted.count(UNREAD),
        left_out=len(examples) - len(labelled),
    )


def _pair(example: Example, reading: Reading) -> tuple[str, str]:
    gold = example.references[0]
    if reading == "labels":
        return gold.strip(), example.answer.strip()
    return read_choice(example, gold) or UNREAD, read_choice(example) or UNREAD


def _natural(label: str) -> tuple[list[tuple[int, str]], str]:
    """Orders "2" before "10"."""
    digits = re.findall(r"\d+|\D+", label)
    return [(int(part) if part.isdecimal() else -1, part) for part in digits], label
