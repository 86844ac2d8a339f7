"""The nearest vectors, exactly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

AT_ONCE = 64
"""Questions in one product: their scores are all in memory."""


def best(scores: NDArray[np.float32], k: int, above: float = -np.inf) -> list[tuple[int, float]]:
    """The places of the ``k`` highest scores that are greater than ``above``, the best first.

    Equal scores come in the order of their places, also where only some of them are among the k.
    """
    k = min(k, len(scores))
    if k == 0:
        return []
    last = np.partition(scores, len(scores) - k)[len(scores) - k]
    sure = np.flatnonzero(scores > last)
    tied = np.flatnonzero(scores == last)[: k - len(sure)]
    places = np.concatenate([sure, tied])
    places = places[np.lexsort((places, -scores[places]))]
    return [(int(place), float(scores[place])) for place in places if scores[place] > above]


def exact(
    vectors: NDArray[np.float32], questions: NDArray[np.float32], k: int
) -> Iterator[list[tuple[int, float]]]:
    """The places of each question's ``k`` nearest vectors with their cosine; all have length 1."""
    for start in range(0, len(questions), AT_ONCE):
        for scores in questions[start : start + AT_ONCE] @ vectors.T:
            yield best(scores, k)
