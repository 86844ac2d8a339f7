"""FSKU 2025: half for the multiple-choice questions, half for the open ones.

A question with options in its cell, or whose reference is a bare number, is a multiple-choice one.
"""

from __future__ import annotations

from collections.abc import Callable

from evaluators import Example, Metric, Weighted
from evaluators.metrics.grouped import Group, Grouped


def is_choice(row: Example) -> bool:
    """Whether one of several options is asked for."""
    return bool(row.meta.get("options")) or row.references[0].strip().isdecimal()


def formula(part: Callable[[str], Metric]) -> Metric:
    """0.5 accuracy + 0.5 (0.6 cosine + 0.4 keyword recall); of one kind only, that kind's score."""

    def opened() -> Metric:
        return Weighted([(0.6, part("cosine")), (0.4, part("keyword-recall"))], name="open")

    return Grouped(
        [
            Group(
                "choice",
                lambda: part("accuracy:extract=choice"),
                lambda row: row if is_choice(row) else None,
                weight=0.5,
            ),
            Group("open", opened, lambda row: None if is_choice(row) else row, weight=0.5),
        ],
        name="0.5 choice + 0.5 open",
    )
