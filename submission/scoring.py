"""A competition's formula as a metric, and answers scored by it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from evaluators import (
    EvaluationError,
    Example,
    Metric,
    Score,
    Weighted,
    build_metric,
    load_encoder,
    score,
)
from evaluators.encoders.base import Encoder
from submission.answers import run_answers
from submission.competitions import Competition
from submission.errors import InputError
from submission.ledger import Ledger
from submission.records import Prediction, Reference, read_predictions, read_references

ReferencesBy = Literal["first", "mean", "max"]
HUB_FOLDER = "sentence-transformers/"


@dataclass(frozen=True)
class Subject:
    """What is scored: a run of the ledger, or a file of answers made elsewhere."""

    name: str
    kind: Literal["run", "file"]
    predictions: Sequence[Prediction]


class Scorer:
    """The organizer's formula of one competition, and any further metric, over one encoder.

    ``encoder`` replaces the declared one: a local copy of it, or ``offline``; anything that is
    not what the organizer uses makes the numbers a proxy, and ``proxy_reason`` says why.
    """

    def __init__(
        self,
        competition: Competition,
        encoder: str | None = None,
        references_by: ReferencesBy | None = None,
    ) -> None:
        self.competition = competition
        self._profile = competition.profile
        self._encoder_spec = encoder
        self._references_by = references_by or self._profile.score.references

    @cached_property
    def encoder(self) -> Encoder:
        """The encoder in force. Raises ``EvaluationError`` where it cannot be loaded."""
        declared = self._profile.encoder
        if declared is not None:
            spec = declared.name if self._encoder_spec is None else self._encoder_spec
            return load_encoder(spec, declared.dimension)
        if self._encoder_spec is not None:
            return load_encoder(self._encoder_spec)
        raise EvaluationError(
            f"Competition '{self._profile.name}' declares no encoder: give one with --encoder."
        )

    @property
    def proxy_reason(self) -> str | None:
        """Why scores are not the organizer's, if they are not."""
        reasons = [self._profile.score.proxy, self.encoder_reason]
        return "; ".join(reason for reason in reasons if reason) or None

    @property
    def encoder_reason(self) -> str | None:
        """Why vectors are not the organizer's, if they are not.

        A local path may be a copy of the declared encoder; only the same model's name, or a
        folder of that name, is taken for it.
        """
        declared, given = self._profile.encoder, self._encoder_spec
        if declared is None or given is None or self._is_declared(given.strip(), declared.name):
            return None
        return f"encoder '{given}' instead of the organizer's '{declared.name}'"

    @staticmethod
    def _is_declared(spec: str, declared: str) -> bool:
        # "offline:512" is "offline", and the hub's own folder of sentence encoders needs no naming.
        name = spec.partition(":")[0].removeprefix(HUB_FOLDER)
        if name == declared.removeprefix(HUB_FOLDER):
            return True
        wanted = declared.rsplit("/", 1)[-1]
        return Path(spec).is_dir() and wanted in Path(spec).resolve().parts

    @cached_property
    def formula(self) -> Metric:
        """The leaderboard's metric; a formula of one unweighted term is that term."""
        terms = [
            (
                term.weight,
                build_metric(
                    term.metric,
                    encoder_factory=lambda: self.encoder,
                    default_references=self._references_by,
                ),
            )
            for term in self._profile.score.terms
        ]
        if len(terms) == 1 and terms[0][0] == 1.0:
            return terms[0][1]
        return Weighted(terms, name=self._profile.score.name)

    def examples(
        self, predictions: Sequence[Prediction], references: Sequence[Reference], subject: str
    ) -> list[Example]:
        """Predictions with their references, in the references' order.

        Raises :class:`InputError` where an id of either side lacks its other half.
        """
        by_id = {prediction.id: prediction for prediction in predictions}
        known = {reference.id for reference in references}
        missing = [reference.id for reference in references if reference.id not in by_id]
        extra = [row_id for row_id in by_id if row_id not in known]
        if missing or extra:
            sides = [("no answer for", missing), ("no reference for", extra)]
            listed = "; ".join(
                f"{what} {len(ids)} id(s): {', '.join(ids[:5])}{', …' if len(ids) > 5 else ''}"
                for what, ids in sides
                if ids
            )
            raise InputError(f"{subject} does not fit the references: {listed}.")
        return [
            Example(
                id=reference.id,
                answer=by_id[reference.id].answer,
                references=reference.answers,
                vector=by_id[reference.id].vector,
                meta={"category": reference.category},
            )
            for reference in references
        ]

    def score(self, examples: Sequence[Example], *, seed: int = 0) -> Score:
        """The organizer's score, on the organizer's scale, with its interval and row scores."""
        return self._scaled(score(self.formula, examples, seed=seed))

    def terms(self, examples: Sequence[Example]) -> list[Score]:
        """The formula's parts on their own, where it has more than one."""
        if len(self._profile.score.terms) < 2:
            return []
        return [self.metric(term.metric, examples) for term in self._profile.score.terms]

    def metric(self, spec: str, examples: Sequence[Example]) -> Score:
        """A metric besides the formula, on 0..1."""
        metric = build_metric(
            spec, encoder_factory=lambda: self.encoder, default_references=self._references_by
        )
        return self._marked(score(metric, examples))

    def _marked(self, result: Score) -> Score:
        # The offline encoder is no stand-in where the competition itself declares it.
        if self._profile.encoder is not None and self._profile.encoder.name == "offline":
            return replace(result, proxy=self.proxy_reason is not None)
        return result

    def _scaled(self, result: Score) -> Score:
        scale = self._profile.score.scale
        result = self._marked(result)
        return replace(
            result,
            value=result.value * scale,
            low=result.low * scale,
            high=result.high * scale,
            rows=np.asarray(result.rows * scale, dtype=np.float64),
            direction=self._profile.score.direction,
            proxy=result.proxy or self.proxy_reason is not None,
        )


@dataclass(frozen=True)
class Scored:
    """A subject's examples and scores: the formula first, then its terms, then further metrics."""

    subject: Subject
    examples: Sequence[Example]
    scores: Sequence[Score]

    @property
    def main(self) -> Score:
        """The leaderboard's number."""
        return self.scores[0]


def score_subject(
    scorer: Scorer,
    subject: Subject,
    references: Sequence[Reference],
    metrics: Sequence[str],
    ledger: Ledger,
    references_file: Path,
) -> Scored:
    """Score a subject; a run's scores are kept in the ledger, row by row."""
    examples = scorer.examples(subject.predictions, references, subject.name)
    scores = [
        scorer.score(examples),
        *scorer.terms(examples),
        *(scorer.metric(spec, examples) for spec in metrics),
    ]
    if subject.kind == "run":
        digest = ledger.hash_file(references_file)
        for each in scores:
            rows = {
                example.id: float(value) for example, value in zip(examples, each.rows, strict=True)
            }
            ledger.save_score(subject.name, digest, dict(each.to_dict()), rows)
    return Scored(subject, examples, scores)


def run_subject(ledger: Ledger, run: str) -> Subject:
    """A finished run as a subject."""
    answers = run_answers(ledger, run)
    return Subject(run, "run", [Prediction(answer.id, answer.text) for answer in answers])


def file_subject(competition: Competition, path: Path, answer_column: str | None) -> Subject:
    """A file of predictions as a subject."""
    predictions = read_predictions(competition.profile, path, answer_column)
    return Subject(str(path), "file", predictions)


def choose_subject(
    competition: Competition,
    ledger: Ledger,
    run: str | None,
    predictions: Path | None,
    answer_column: str | None = None,
) -> Subject:
    """The run or the file, whichever is given. Raises :class:`InputError` for both or neither."""
    if (run is None) == (predictions is None):
        raise InputError("Give either --run NAME or --predictions FILE.")
    if run is not None:
        return run_subject(ledger, run)
    if predictions is None:
        raise AssertionError
    return file_subject(competition, predictions, answer_column)


def load_references(competition: Competition, path: Path) -> list[Reference]:
    """The references file of a competition."""
    return read_references(competition.profile, path)
