"""The score of 2025 어문 규범 RAG: half for the verdict, half for its reason.

An answer is a sentence that decides, ending in 가 옳다 or 이 옳다, and the reason after it. The
verdicts are compared exactly, but for straight quotes; curly ones count. The reason is what is left
once dots, commas and spaces are off its beginning. Reasons are scored by three metrics, over the
rows where both the reference and the answer give one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from evaluators import Example, Metric, Weighted
from evaluators.metrics.grouped import Group, Grouped

VERDICTS = ("가 옳다", "이 옳다")
QUOTES = str.maketrans("", "", "\"'")
REASON = (
    "rouge1:rule=nikl",
    "bertscore:model=bert-base-multilingual-cased,layer=9,references=first",
    "bleurt",
)


def split(text: str) -> tuple[str, str]:
    """The verdict with its marker, and the reason; all is verdict where there is no marker.

    The first 가 옳다 counts, wherever an 이 옳다 stands.
    """
    for marker in VERDICTS:
        before, found, after = text.partition(marker)
        if found:
            return before + found, after.lstrip("., ")
    return text, ""


def verdict(row: Example) -> Example:
    """The row as exact match sees it."""
    parts = [split(text)[0].translate(QUOTES) for text in (row.answer, *row.references)]
    return replace(row, answer=parts[0], references=tuple(parts[1:]))


def reason(row: Example) -> Example | None:
    """The row's reasons; None where the answer or the first reference gives none."""
    answer, gold = split(row.answer)[1], split(row.references[0])[1]
    return replace(row, answer=answer, references=(gold,)) if answer and gold else None


def formula(part: Callable[[str], Metric]) -> Metric:
    """The mean of the two halves; no reason at all scores 0."""

    def reasons() -> Metric:
        return Weighted([(1 / len(REASON), part(spec)) for spec in REASON], name="reason")

    groups = [
        Group("verdict", lambda: part("em:rule=nikl"), verdict),
        Group("reason", reasons, reason),
    ]
    return Grouped(groups, name="verdict and reason", missing="zero")
