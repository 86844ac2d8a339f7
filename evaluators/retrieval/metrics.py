"""Metrics of one ranking, by rank-biased definitions of TREC (trec_eval) where it has them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def recall(ranking: Sequence[str], gold: Mapping[str, float], k: int | None = None) -> float:
    """The share of all gold documents that are among the first ``k``."""
    return _found(ranking, gold, k) / _count(gold)


def hit(ranking: Sequence[str], gold: Mapping[str, float], k: int | None = None) -> float:
    """1 where any gold document is among the first ``k``, else 0."""
    return float(_found(ranking, gold, k) > 0)


def precision(ranking: Sequence[str], gold: Mapping[str, float], k: int | None = None) -> float:
    """The share of gold ones among the first ``k``; a shorter ranking is divided by k all the same.

    Without ``k`` it is the share of the whole ranking, 0 where that is empty.
    """
    size = len(ranking) if k is None else k
    return _found(ranking, gold, k) / size if size else 0.0


def reciprocal_rank(
    ranking: Sequence[str], gold: Mapping[str, float], k: int | None = None
) -> float:
    """1 / rank of the first gold document among the first ``k``, 0 where there is none."""
    for rank, each in enumerate(_first(ranking, k), 1):
        if gold.get(each, 0) > 0:
            return 1 / rank
    return 0.0


def average_precision(
    ranking: Sequence[str], gold: Mapping[str, float], k: int | None = None
) -> float:
    """The mean over all gold documents of the precision at their rank; 0 for one not found."""
    found, total = 0, 0.0
    for rank, each in enumerate(_first(ranking, k), 1):
        if gold.get(each, 0) > 0:
            found += 1
            total += found / rank
    return total / _count(gold)


def ndcg(
    ranking: Sequence[str],
    gold: Mapping[str, float],
    k: int | None = None,
    gain: Literal["linear", "exponential"] = "linear",
) -> float:
    """Discounted cumulative gain over that of the best ranking (Järvelin and Kekäläinen, 2002).

    A document of grade g at rank r counts g / log2(r + 1), or with the ``exponential`` gain
    (2^g - 1) / log2(r + 1) (Burges et al., 2005).
    """
    _count(gold)
    ideal = sorted(gold.values(), reverse=True)
    found = [gold.get(each, 0.0) for each in _first(ranking, k)]
    return _dcg(found, gain) / _dcg(ideal if k is None else ideal[:k], gain)


def _dcg(grades: Sequence[float], gain: str) -> float:
    worth = [max(g, 0.0) if gain == "linear" else 2 ** max(g, 0.0) - 1 for g in grades]
    return sum(each / math.log2(rank + 1) for rank, each in enumerate(worth, 1))


def _first(ranking: Sequence[str], k: int | None) -> Sequence[str]:
    if k is not None and k < 1:
        raise EvaluationError(f"k is {k}; it must be at least 1")
    if len(set(ranking)) != len(ranking):
        twice = next(each for place, each in enumerate(ranking) if each in ranking[:place])
        raise EvaluationError(f"document {twice!r} stands twice in a ranking")
    return ranking if k is None else ranking[:k]


def _found(ranking: Sequence[str], gold: Mapping[str, float], k: int | None) -> int:
    _count(gold)
    return sum(gold.get(each, 0) > 0 for each in _first(ranking, k))


def _count(gold: Mapping[str, float]) -> int:
    count = sum(grade > 0 for grade in gold.values())
    if not count:
        raise EvaluationError("a query without gold documents has no retrieval score")
    return count
