"""One ranking of several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

RRF_K = 60
"""As in Cormack, Clarke and Büttcher (2009), who count ranks from 1."""

Ranking = list[tuple[int, float]]


def reciprocal(rankings: Sequence[Ranking], k: int = RRF_K) -> Ranking:
    """By the sum of 1 / (k + rank); equal sums in the order of their places."""
    sums: defaultdict[int, float] = defaultdict(float)
    for ranking in rankings:
        for rank, (place, _) in enumerate(ranking, 1):
            sums[place] += 1 / (k + rank)
    return _ordered(sums)


def weighted(rankings: Sequence[Ranking], weights: Sequence[float]) -> Ranking:
    """By the weighted sum of scores that are brought to 0..1 within each ranking.

    Where all scores of one are equal, they are 1; what it lacks has 0 of it.
    """
    sums: defaultdict[int, float] = defaultdict(float)
    for ranking, weight in zip(rankings, weights, strict=True):
        scores = [score for _, score in ranking]
        low, high = min(scores, default=0.0), max(scores, default=0.0)
        for place, score in ranking:
            sums[place] += weight * ((score - low) / (high - low) if high > low else 1.0)
    return _ordered(sums)


def _ordered(sums: dict[int, float]) -> Ranking:
    return sorted(sums.items(), key=lambda it: (-it[1], it[0]))
