"""Abstention: a model that says it does not know, where it should and where it should not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence


class Abstention(NamedTuple):
    """Abstention as a class of its own, over ``n`` questions.

    ``precision`` is the share of abstentions that were right to abstain (there was no answer),
    ``recall`` the share of questions without an answer that were abstained from; both are 0 where
    there is nothing to divide by. ``crag`` is (2·correct + missing) / n - 1 (Yang et al., 2024,
    CRAG): 1 for a right answer, 0 for none, -1 for a wrong one; a right abstention counts as a
    right answer.
    """

    n: int
    unanswerable: int
    abstained: int
    precision: float
    recall: float
    f1: float
    crag: float


def abstention(
    answerable: Sequence[bool], abstained: Sequence[bool], correct: Sequence[bool]
) -> Abstention:
    """Judge abstentions, question by question; ``correct`` is read where it was not abstained.

    Raises EvaluationError for no questions, and for sequences of unequal lengths.
    """
    n = len(answerable)
    if not n or len(abstained) != n or len(correct) != n:
        raise EvaluationError("abstention needs as many answers as questions, and at least one")
    rows = list(zip(answerable, abstained, correct, strict=True))
    right = sum(quiet and not can for can, quiet, _ in rows)
    quiet_at_all, unanswerable = sum(abstained), n - sum(answerable)
    precision = right / quiet_at_all if quiet_at_all else 0.0
    recall = right / unanswerable if unanswerable else 0.0
    both = precision + recall
    answered = sum(can and not quiet and good for can, quiet, good in rows)
    missing = sum(can and quiet for can, quiet, _ in rows)
    return Abstention(
        n,
        unanswerable,
        quiet_at_all,
        precision,
        recall,
        2 * precision * recall / both if both else 0.0,
        (2 * (answered + right) + missing) / n - 1,
    )
