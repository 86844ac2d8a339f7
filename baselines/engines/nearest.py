"""The answer of the training question that is nearest to the one asked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from baselines.engines.base import AnswerEngine
from evaluators import Cosine, OfflineEncoder
from evaluators.pairwise import mean_scores
from submission.engines.base import EngineContext, Request
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
        self._asked = [(text, row) for row in self.training_rows() for text in row.questions]
        self._encoder = OfflineEncoder()
        self._chosen: dict[str, str] = {}

    def start(self) -> None:
        """Encode the training questions."""
        self._known = self._encoder.encode([text for text, _ in self._asked])

    def answers(self, requests: Sequence[Request]) -> Sequence[str]:
        """Per request the answer of the nearest training question; the first of equals."""
        wanted = self._encoder.encode([request.text for request in requests])
        nearest = np.concatenate(
            [
                (wanted[start : start + QUESTIONS_AT_ONCE] @ self._known.T).argmax(axis=1)
                for start in range(0, len(requests), QUESTIONS_AT_ONCE)
            ]
        )
        return [self._central(self._asked[int(index)][1]) for index in nearest]

    def _central(self, row: TrainingRow) -> str:
        if row.id not in self._chosen:
            self._chosen[row.id] = _central(row, Cosine(self._encoder))
        return self._chosen[row.id]


def _central(row: TrainingRow, metric: Cosine) -> str:
    if len(row.answers) == 1:
        return row.answers[0]
    return row.answers[int(mean_scores(metric, row.answers, row.answers).argmax())]
