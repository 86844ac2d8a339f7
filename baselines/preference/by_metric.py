"""A metric chooses: a prompt's best answer against its worst, by what the references say."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from baselines.preference.candidates import Candidate, Choice
from baselines.preference.pairs import Origin, Pair
from evaluators import Score
from submission.records.rows import Prediction, Reference
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer

OWN = "score"
"""The name of the competition's own formula."""


@dataclass(frozen=True, slots=True)
class SampleScores:
    """Row scores per sample, by row id; NaN where a row does not count."""

    signature: str
    higher_is_better: bool
    rows: tuple[Mapping[str, float], ...]

    def of(self, choice: Choice, candidate: Candidate) -> float:
        """The score of a candidate, as the metric gives it."""
        return self.rows[candidate.sample].get(choice.id, math.nan)


@dataclass(frozen=True, slots=True)
class MetricPairs:
    """The pairs, and how many prompts gave none, by reason.

    ``ties``: best and worst are closer than the margin. ``parts``: one of several prompts of a
    row, whose reference answers the whole row. ``unscored``: fewer than two answers have a score.
    """

    pairs: tuple[tuple[Pair, Origin], ...]
    ties: int
    parts: int
    unscored: int


def score_samples(
    ledger: Ledger, run: str, scorer: Scorer, references: Sequence[Reference], spec: str
) -> SampleScores:
    """Every sample of ``run`` by the metric ``spec``, or the competition's own (:data:`OWN`).

    Raises :class:`InputError` where answers and references do not fit, and ``EvaluationError``
    for a metric that cannot be computed.
    """
    samples = 1 + max(part.sample for part in ledger.parts(run))
    rows: list[Mapping[str, float]] = []
    for sample in range(samples):
        answers = run_answers(ledger, run, sample=sample)
        predictions = [Prediction(answer.id, answer.text) for answer in answers]
        examples = scorer.examples(predictions, references, f"run '{run}'")
        found: Score = scorer.score(examples) if spec == OWN else scorer.metric(spec, examples)
        ids = [example.id for example in examples]
        rows.append(dict(zip(ids, found.rows.tolist(), strict=True)))
    return SampleScores(found.signature, found.direction == "higher", tuple(rows))


def metric_pairs(
    choices: Sequence[Choice], scores: SampleScores, run: str, margin: float
) -> MetricPairs:
    """Best against worst of every prompt where they are ``margin`` or more apart.

    Among equal scores the earlier sample counts. An empty answer is never the best.
    """
    pairs: list[tuple[Pair, Origin]] = []
    ties = parts = unscored = 0
    higher = scores.higher_is_better
    for choice in choices:
        if choice.parts > 1:
            parts += 1
            continue
        scored = [
            (score, candidate)
            for candidate in choice.candidates
            if not math.isnan(score := scores.of(choice, candidate))
        ]
        # Answers differ, so that of two at most one is empty.
        if len(scored) < 2:
            unscored += 1
            continue
        best, chosen = _best([each for each in scored if each[1].text], higher)
        worst, rejected = _best(scored, not higher)
        gain = best - worst if higher else worst - best
        if gain <= 0.0 or gain < margin:
            ties += 1
            continue
        pairs.append(
            (
                choice.pair(chosen, rejected),
                Origin(
                    choice.id, choice.part, run, scores.signature,
                    chosen.sample, rejected.sample, best, worst,
                ),
            )
        )  # fmt: skip
    return MetricPairs(tuple(pairs), ties, parts, unscored)


def _best(scored: Sequence[tuple[float, Candidate]], higher: bool) -> tuple[float, Candidate]:
    return max(scored, key=lambda each: each[0] if higher else -each[0])
