"""The mean of the members' vectors, where a competition's rules allow it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from submission.competitions import Competition
from submission.ensemble.members import Members
from submission.errors import InputError
from submission.records.rows import Prediction
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject
from submission.submit.write import Written, write_submission

VECTOR_RULE = "vectors-from-text"


def mean_vectors(found: Members, competition: Competition, scorer: Scorer) -> Subject:
    """Each row's mean of the members' vectors, each of length 1 before.

    Under cosine the direction of that mean is the one that agrees most with the members. Raises
    :class:`InputError` where the competition takes no vectors or wants them to be those of a
    text, ``EvaluationError`` where the encoder cannot be had.
    """
    _require_free_vectors(competition)
    units = [_unit(scorer.encoder.encode([each.text for each in side])) for side in found.answers]
    mean = np.stack(units).mean(axis=0).astype(np.float32)
    names = ", ".join(map(str, found.members))
    predictions = [
        Prediction(answer.id, "", vector)
        for answer, vector in zip(found.answers[0], mean, strict=True)
    ]
    return Subject(f"mean vectors of {names}", "file", predictions)


def write_mean(
    found: Members,
    competition: Competition,
    scorer: Scorer,
    ledger: Ledger,
    template: Path,
    out: Path,
    command: str,
) -> Written:
    """The mean vectors as a submission with its manifest. Raises as both that it calls."""
    return write_submission(
        competition,
        scorer,
        mean_vectors(found, competition, scorer),
        template,
        out,
        command=command,
        ledger=ledger,
        free_vectors=True,
    )


def _require_free_vectors(competition: Competition) -> None:
    submission = competition.profile.submission
    rule = competition.rule(VECTOR_RULE)
    if rule is not None:
        raise InputError(
            f"--by vector: {competition.name} does not allow it. Its rule: {rule.text!r} "
            "Use --by mbr:cosine, which takes one of the texts."
        )
    if submission.vectors is None:
        raise InputError(f"--by vector: {competition.name} takes answers, not vectors.")
    if submission.answer is not None:
        raise InputError(
            f"--by vector: {competition.name} takes a text with each vector, and a mean vector "
            "belongs to no text. Use --by mbr:cosine, which takes one of the texts."
        )


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    precise = vectors.astype(np.float64)
    lengths = np.linalg.norm(precise, axis=1, keepdims=True)
    unit: NDArray[np.float64] = np.divide(
        precise, lengths, out=np.zeros_like(precise), where=lengths > 0
    )
    return unit
