"""Calibration of a run whose answers were chosen by likelihood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evaluators import Example, choice
from evaluators.reliability import Judged, Reliability, reliability
from submission.runs.answers import Answer


def run_reliability(answers: Sequence[Answer], examples: Sequence[Example]) -> Reliability | None:
    """How far the probabilities of ``answers`` are from how often they are right.

    Over the rows that have probabilities and whose reference is one of the labels, or chooses one
    in words; None where there is none.
    """
    known = {each.id: each.probabilities for each in answers if each.probabilities is not None}
    rows = []
    for example in examples:
        given = known.get(example.id)
        gold = None if given is None else _gold(example.references, given)
        if given is not None and gold is not None:
            rows.append(Judged(given, gold))
    return reliability(rows) if rows else None


def _gold(references: Sequence[str], probabilities: Mapping[str, float]) -> str | None:
    """The label that the references say is right."""
    labels = list(probabilities)
    for reference in references:
        if reference.strip() in probabilities:
            return reference.strip()
    place = choice(references[0], (), labels) if references else None
    return labels[int(place) - 1] if place is not None else None
