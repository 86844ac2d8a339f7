"""The training answer that is closest on average to all training answers."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.answers.base import AnswerEngine
from evaluators.pairwise import mean_scores
from submission.engines.base import EngineContext
from submission.scoring import Scorer


class Medoid(AnswerEngine):
    """One answer for every question: the best constant under the competition's own metric,
    among the training answers and as far as those tell.
    """

    name = "medoid"

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        self.training_rows()

    def answers(self, questions: Sequence[str]) -> Sequence[str]:
        """The medoid, once per question; the first of equally central ones."""
        written = [answer for row in self.training_rows() for answer in row.answers]
        candidates = list(dict.fromkeys(written))
        scorer = Scorer(self.context.competition, self.context.encoder)
        self.context.say(f"medoid: {len(candidates)} candidates against {len(written)} answers.")
        means = mean_scores(scorer.formula, candidates, written)
        lower = self.context.competition.profile.score.direction == "lower"
        best = candidates[int(means.argmin() if lower else means.argmax())]
        return [best] * len(questions)
