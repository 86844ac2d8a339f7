"""What stands in a prompt before its question, cut until the answer has room behind it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from submission.records.rows import Question
from submission.shots import Asked, Chooser

if TYPE_CHECKING:
    from submission.retrieval.evidence import Evidence, Retriever


class Sources(NamedTuple):
    """Where a prompt's examples and its passages come from; None for recipes without."""

    chooser: Chooser | None = None
    retriever: Retriever | None = None


class Shown(NamedTuple):
    """A question with its examples, and with its passages in place of its context."""

    question: Question
    text: str
    evidence: Evidence | None = None


def shown_before(sources: Sources, asked: Sequence[tuple[int, Question, str]]) -> list[Shown]:
    """Each of ``asked`` (the part of its row, the question, the text) with what is shown to it."""
    found = [Shown(question, text) for _, question, text in asked]
    if sources.chooser is not None:
        shots = sources.chooser.choose(
            [Asked(each.id, number, text, each.context) for number, each, text in asked]
        )
        found = [
            each._replace(question=replace(each.question, shots=some))
            for each, some in zip(found, shots, strict=True)
        ]
    if sources.retriever is not None:
        every = sources.retriever.find([(each.question, each.text) for each in found])
        found = [
            _with(each, sources.retriever, evidence)
            for each, evidence in zip(found, every, strict=True)
        ]
    return found


def fitted(shown: Shown, sources: Sources, over: Callable[[Shown], float]) -> Shown:
    """``shown`` with as much left out as is needed: examples first, then the passages' ends.

    ``over`` is by what share of it the prompt is too long; 0 or less where it fits. The question
    itself is never cut.
    """
    beyond = over(shown)
    while beyond > 0 and sources.chooser is not None and shown.question.shots:
        fewer = sources.chooser.fewer(shown.question.shots)
        shown = shown._replace(question=replace(shown.question, shots=fewer))
        beyond = over(shown)
    if shown.evidence is None:
        return shown
    from submission.retrieval.evidence import shorter

    while beyond > 0 and shown.evidence is not None and shown.evidence.passages:
        if sources.retriever is None:
            raise AssertionError("evidence without a retriever")
        shown = _with(shown, sources.retriever, shorter(shown.evidence, max(1 - beyond, 0.0)))
        beyond = over(shown)
    return shown


def _with(shown: Shown, retriever: Retriever, evidence: Evidence) -> Shown:
    question = replace(shown.question, context=retriever.context(evidence))
    return shown._replace(question=question, evidence=evidence)
