"""Whether probabilities are as high as answers are right: calibration of confidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

BINS = 15
"""Bins of equal width, as Guo et al. (2017) have them."""


class Judged(NamedTuple):
    """The probabilities of one row by label, and the label that is right."""

    probabilities: Mapping[str, float]
    gold: str


class Bin(NamedTuple):
    """The rows whose confidence is above ``low`` and at most ``high``: how many, and their means.

    Confidence and accuracy are None where there is no row.
    """

    low: float
    high: float
    n: int
    confidence: float | None
    accuracy: float | None


@dataclass(frozen=True)
class Reliability:
    """Calibration over ``n`` rows.

    ``ece`` is the expected calibration error (Guo et al. 2017): the difference of mean confidence
    and accuracy in each bin, weighted by its rows; 0 to 1, less is better. ``brier`` is the mean
    squared distance of the probabilities from 1 for the right label and 0 for all others (Brier
    1950); 0 to 2, less is better.
    """

    n: int
    ece: float
    brier: float
    bins: Sequence[Bin]

    def plain(self) -> dict[str, object]:
        """Plain values."""
        bins = [each._asdict() for each in self.bins]
        return {"n": self.n, "ece": self.ece, "brier": self.brier, "bins": bins}


def reliability(rows: Sequence[Judged], bins: int = BINS) -> Reliability:
    """Return how far the confidence of answers, their highest probability, is from accuracy.

    Equal probabilities choose the first label. Raises ValueError for no rows.
    """
    if not rows:
        raise ValueError("there is no row to judge probabilities by")
    chosen = [max(each.probabilities, key=each.probabilities.__getitem__) for each in rows]
    confidence = np.array([max(each.probabilities.values()) for each in rows])
    right = np.array([label == each.gold for label, each in zip(chosen, rows, strict=True)])
    edges = np.linspace(0.0, 1.0, bins + 1)
    places = np.clip(np.searchsorted(edges, confidence, side="left") - 1, 0, bins - 1)
    found, error = [], 0.0
    for place in range(bins):
        within = places == place
        n = int(within.sum())
        mean = float(confidence[within].mean()) if n else None
        accuracy = float(right[within].mean()) if n else None
        found.append(Bin(float(edges[place]), float(edges[place + 1]), n, mean, accuracy))
        if mean is not None and accuracy is not None:
            error += n * abs(mean - accuracy)
    brier = float(np.mean([_squared(each) for each in rows]))
    return Reliability(len(rows), error / len(rows), brier, found)


def _squared(row: Judged) -> float:
    labels = {*row.probabilities, row.gold}
    return sum((row.probabilities.get(each, 0.0) - (each == row.gold)) ** 2 for each in labels)
