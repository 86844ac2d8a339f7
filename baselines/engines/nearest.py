"""The answer of the training question that is nearest to the one asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from baselines.engines.base import AnswerEngine
from evaluators import Cosine, OfflineEncoder
from evaluators.pairwise import mean_scores
from submission.engines.base import EngineContext
from submission.records.rows import TrainingRow

QUESTIONS_AT_ONCE = 512


class Nearest(AnswerEngine):
    """Nearness is the cosine of hashed character n-grams, which needs no model and no download.

    Of a training row's answers the one most like the others is given. A row's context is not
    looked at.
    """

    name = "nearest"

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        self.training_rows()

    def answers(self, questions: Sequence[str]) -> Sequence[str]:
        """Per question the answer of the nearest training question; the first of equals."""
        rows = self.training_rows()
        encoder = OfflineEncoder()
        asked = [(text, row) for row in rows for text in row.questions]
        known = encoder.encode([text for text, _ in asked])
        wanted = encoder.encode(list(questions))
        nearest = np.concatenate(
            [
                (wanted[start : start + QUESTIONS_AT_ONCE] @ known.T).argmax(axis=1)
                for start in range(0, len(questions), QUESTIONS_AT_ONCE)
            ]
        )
        central = Cosine(encoder)
        chosen: dict[str, str] = {}
        answers = []
        for index in nearest:
            row = asked[int(index)][1]
            if row.id not in chosen:
                chosen[row.id] = _central(row, central)
            answers.append(chosen[row.id])
        return answers


def _central(row: TrainingRow, metric: Cosine) -> str:
    if len(row.answers) == 1:
        return row.answers[0]
    return row.answers[int(mean_scores(metric, row.answers, row.answers).argmax())]
