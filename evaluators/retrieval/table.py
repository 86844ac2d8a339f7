"""Metrics of several ways to search, by k, with intervals and paired tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from evaluators.errors import EvaluationError, one_of
from evaluators.retrieval import metrics
from evaluators.significance import bootstrap_interval, holm, paired_test

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from evaluators.retrieval.ranking import Query

METRICS: Final[Mapping[str, Callable[..., float]]] = {
    "recall": metrics.recall,
    "hit": metrics.hit,
    "precision": metrics.precision,
    "mrr": metrics.reciprocal_rank,
    "ndcg": metrics.ndcg,
    "map": metrics.average_precision,
}
"""The metrics by name; in a table ``recall@5`` is the mean of recall at k = 5."""


class Coverage(NamedTuple):
    """How many queries there are, have gold documents, and have a ranking."""

    queries: int
    with_gold: int
    with_ranking: int


class Row(NamedTuple):
    """The scores of all queries with gold documents, in their order, for one metric at one k.

    A query without a ranking scores 0; one without gold documents is left out.
    """

    metric: str
    k: int
    scores: NDArray[np.float64]
    coverage: Coverage


class Cell(NamedTuple):
    """A mean with its 95 % interval; beside the first way, the difference and its p-value.

    ``p`` is of a paired permutation test over queries, adjusted over the other ways (Holm).
    """

    way: str
    metric: str
    k: int
    n: int
    mean: float
    low: float
    high: float
    difference: float | None = None
    p: float | None = None


def evaluate(
    queries: Sequence[Query], rankings: Mapping[str, Sequence[str]], metric: str, k: int
) -> Row:
    """Score each query's ranking (document ids by query id) by ``metric`` at ``k``.

    Raises EvaluationError for an unknown metric, a ranking with a document twice, and where no
    query has gold documents.
    """
    score = METRICS[one_of("metric", metric, tuple(METRICS))]
    judged = [query for query in queries if any(grade > 0 for grade in query.gold.values())]
    if not judged:
        raise EvaluationError("no query has gold documents, so there is nothing to measure")
    found = [score(rankings.get(query.id, ()), query.gold, k) for query in judged]
    having = sum(query.id in rankings for query in judged)
    return Row(metric, k, np.array(found), Coverage(len(queries), len(judged), having))


def tabulate(rows: Mapping[str, Sequence[Row]], seed: int = 0) -> list[Cell]:
    """A cell for each way and each of its rows, which are of the same queries for all ways."""
    ways = list(rows)
    cells = []
    for place in range(len(rows[ways[0]])):
        first = rows[ways[0]][place]
        tests = [paired_test(rows[way][place].scores, first.scores, seed=seed) for way in ways[1:]]
        adjusted = holm([each.p_value for each in tests]).tolist()
        for number, way in enumerate(ways):
            row = rows[way][place]
            interval = bootstrap_interval(row.scores, seed=seed)
            beside = tests[number - 1] if number else None
            cells.append(
                Cell(
                    way,
                    row.metric,
                    row.k,
                    len(row.scores),
                    float(row.scores.mean()),
                    interval.low,
                    interval.high,
                    None if beside is None else beside.difference,
                    None if beside is None else adjusted[number - 1],
                )
            )
    return cells
