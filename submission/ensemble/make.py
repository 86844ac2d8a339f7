"""One answer per row out of those of the members."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evaluators import Metric, choice
from evaluators.consensus import least_risk, majority, same_text, utilities
from evaluators.text.options import listed_options
from submission.ensemble.members import Member, Members
from submission.ensemble.probability import averaged, closest
from submission.ensemble.record import record
from submission.errors import InputError
from submission.runs.answers import Answer
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer

MAJORITY, LEAST_RISK, VECTOR, PROBABILITY = "majority", "mbr", "vector", "probability"


@dataclass(frozen=True)
class Method:
    """How answers become one; ``metric`` is that of ``mbr``, None for the competition's own."""

    name: str
    metric: str | None = None

    @classmethod
    def read(cls, text: str) -> Method:
        """From ``majority``, ``mbr``, ``mbr:METRIC``, ``probability`` or ``vector``.

        Raises :class:`InputError` for anything else.
        """
        name, _, metric = text.partition(":")
        if text in {MAJORITY, VECTOR, LEAST_RISK, PROBABILITY} or (name == LEAST_RISK and metric):
            return cls(name, metric or None)
        raise InputError(
            f"--by {text}: use majority, mbr (by the competition's own formula), mbr:METRIC, "
            "such as mbr:chrf, probability, or vector."
        )


@dataclass(frozen=True)
class Report:
    """The result of an ensemble: how many rows each member was taken for, in their order.

    ``unanimous`` rows had one answer only. Of the others, ``decided`` had more votes for theirs
    than for any other; under ``mbr`` and ``probability`` that is not counted.
    """

    run: str
    by: str
    members: Sequence[Member]
    rows: int
    taken: Sequence[int]
    unanimous: int
    decided: int | None


def ensemble(
    name: str,
    found: Members,
    method: Method,
    scorer: Scorer,
    ledger: Ledger,
    *,
    command: str = "",
    fresh: bool = False,
) -> Report:
    """Make the run ``name`` of the members' answers.

    Empty answers take no part where any other is there, unless the competition has questions
    without an answer. Raises :class:`InputError` where the name is a member's or another run's, and
    for members without probabilities that are to be averaged; ``EvaluationError`` for a metric that
    cannot be had.
    """
    if name in {member.run for member in found.members}:
        raise InputError(
            f"--run {name} is one of the members: give the ensemble a name of its own."
        )
    rows = found.rows
    unanswerable = scorer.declared.unanswerable
    standing = [_standing(row, unanswerable=unanswerable) for row in rows]
    texts = [[row[place].text for place in left] for row, left in zip(rows, standing, strict=True)]
    decided = None
    if method.name in {MAJORITY, PROBABILITY}:
        signature = "majority|tie:pairwise-f1|rule:inha"
        votes = [_vote(row[0].question, each) for row, each in zip(rows, texts, strict=True)]
        picks = [place for place, _ in votes]
        decided = sum(led for _, led in votes) - sum(len(set(each)) == 1 for each in texts)
    else:
        metric = scorer.metric_of(method.metric)
        signature = f"mbr|{metric.signature}"
        picks = _least_risky(metric, [row[0].question for row in rows], texts)
    places = [left[pick] for left, pick in zip(standing, picks, strict=True)]
    taken = [row[place] for row, place in zip(rows, places, strict=True)]
    if method.name == PROBABILITY:
        signature, decided = "probability|mean", None
        taken = averaged(found, taken)
        places = [closest(row, answer) for row, answer in zip(rows, taken, strict=True)]
    record(name, found, taken, signature, ledger, command=command, fresh=fresh)
    return Report(
        run=name,
        by=signature,
        members=found.members,
        rows=len(rows),
        taken=np.bincount(places, minlength=len(found.members)).tolist(),
        unanimous=sum(len(set(each)) == 1 for each in texts),
        decided=decided,
    )


def _standing(row: Sequence[Answer], *, unanswerable: bool) -> list[int]:
    """The places of the answers that take part."""
    filled = [place for place, answer in enumerate(row) if answer.text.strip()]
    return list(range(len(row))) if unanswerable or not filled else filled


def _vote(question: str, texts: Sequence[str]) -> tuple[int, bool]:
    """The place of the majority's answer, and whether it has more votes than any other."""
    options = listed_options(question)

    def read(text: str) -> str:
        chosen = choice(text, options) if options else None
        return f"option {chosen}" if chosen else same_text(text)

    place, votes = majority(texts, read)
    counts = [[read(text) for text in texts].count(each) for each in {read(text) for text in texts}]
    return place, counts.count(votes) == 1


def _least_risky(
    metric: Metric, questions: Sequence[str], texts: Sequence[Sequence[str]]
) -> list[int]:
    metas = [
        {"question": question, "options": "\n".join(listed_options(question))}
        for question in questions
    ]
    return [least_risk(each) for each in utilities(metric, texts, metas)]
