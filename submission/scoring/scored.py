"""Subjects and the scores they got."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evaluators import Example, Score
from submission.records.rows import References
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Say, Scorer
from submission.scoring.subjects import Subject


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

    def further(self, count: int) -> Sequence[Score]:
        """The scores of the ``count`` metrics that were asked for besides."""
        return self.scores[len(self.scores) - count :]


def score_subject(
    scorer: Scorer,
    subject: Subject,
    references: References,
    metrics: Sequence[str],
    ledger: Ledger | None,
    say: Say | None = None,
) -> Scored:
    """Score a subject; a run's scores are kept in the ledger that it is from, row by row.

    ``say`` asks for what the organizer shows beside the score, too, and is told what of it is
    left out.
    """
    examples = scorer.examples(subject.predictions, references.rows, subject.name)
    scores = [
        scorer.score(examples),
        *scorer.terms(examples),
        *(scorer.also(examples, say) if say is not None else []),
    ]
    taken = {each.metric for each in scores}
    for spec in metrics:
        found = scorer.metric(spec, examples)
        if found.metric in taken:
            # The profile's own number of that name is on another scale, or by another rule.
            found = replace(found, metric=f"--metric {found.metric}")
        scores.append(found)
    if subject.kind == "run" and ledger is not None:
        for each in scores:
            rows = dict(scored_rows(examples, each))
            ledger.save_score(subject.name, references.digest, dict(each.to_dict()), rows)
    return Scored(subject, examples, scores)


def scored_rows(examples: Sequence[Example], result: Score) -> list[tuple[str, float]]:
    """Ids and row scores of the rows that count in a score."""
    pairs = zip(examples, result.rows.tolist(), strict=True)
    return [(example.id, value) for example, value in pairs if not math.isnan(value)]
