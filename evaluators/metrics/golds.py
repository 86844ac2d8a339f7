"""Which golds a row has, under each reading-comprehension scorer's rule."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.base import Example, References
    from evaluators.text.normalize import Rule


def rule_references(rule: Rule) -> References:
    """Return how a rule's own scorer treats several golds."""
    return "first" if rule == "inha" else "max"


def with_golds(examples: Sequence[Example], rule: Rule) -> Sequence[Example]:
    """Return the examples with the references that the rule's scorer compares.

    KLUE-MRC gives a question without an answer the empty text as its gold; NIKL writes
    alternatives as ``하나#둘``.
    """
    if rule == "klue":
        return [row if row.references else replace(row, references=("",)) for row in examples]
    if rule == "nikl":
        return [replace(row, references=_alternatives(row.references)) for row in examples]
    return examples


def _alternatives(references: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for text in references for part in text.split("#"))
