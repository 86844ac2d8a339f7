"""Log loss of probabilities. Less is better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Direction
from evaluators.errors import EvaluationError
from evaluators.metrics.class_scores import POSITIVE, UNREADABLE, OfClassScores
from evaluators.metrics.entry import Entry
from evaluators.metrics.rowwise import RowMetric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example


class LogLoss(OfClassScores, RowMetric):
    """Mean of ``-log`` of the probability of the gold label.

    An answer is a JSON object with a probability per label, divided by its sum; or one number, the
    probability of the label ``positive``. Probabilities are kept 2.2e-16 away from 0 and 1, as
    scikit-learn keeps them. An answer that is neither is an error, or with ``even`` gives every
    class the same.
    """

    name: Final = "logloss"
    proxy: Final = None
    direction: Direction = "lower"
    clipped = float(np.finfo(np.float64).eps)
    joint: Final = True
    """Which labels there are is read from all answers together."""

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError for what are no probabilities."""
        scores = self.scores(examples)
        values = scores.values
        if scores.single:
            values = np.hstack([values, 1 - values])
        sums = values.sum(axis=1)
        for row, own, total in zip(examples, values, sums, strict=True):
            if own.min() < 0 or own.max() > 1 or total == 0:
                raise EvaluationError(
                    f"{self.name}: the answer of row {row.id!r} holds a number that is no "
                    "probability, or only zeros: give numbers from 0 to 1"
                )
        gold = values[np.arange(len(values)), scores.gold] / sums
        found: NDArray[np.float64] = -np.log(np.clip(gold, self.clipped, 1 - self.clipped))
        return found


ENTRIES = (
    Entry(
        LogLoss.name,
        "mean -log probability of the gold label (lower is better)",
        "nothing",
        LogLoss.of,
        (POSITIVE, UNREADABLE),
        direction="lower",
    ),
)
