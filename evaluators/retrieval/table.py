"""Metrics of several ways to search, by k, with intervals and paired tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

import numpy as np

from evaluators.errors import EvaluationError, one_of
from evaluators.retrieval import metrics
from evaluators.retrieval.ranking import answer_ranks
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

ANSWER_METRICS: Final[Mapping[str, Callable[..., float]]] = {
    "answer": metrics.hit,
    "answer-mrr": metrics.reciprocal_rank,
}
"""Metrics of passages by name: whether, and how soon, one of them holds an answer."""

WithoutGold = Literal["exclude", "zero"]
_CHOICES: Final[tuple[WithoutGold, ...]] = get_args(WithoutGold)


class Coverage(NamedTuple):
    """How many queries there are, have gold (documents or answers), and of these a ranking."""

    queries: int
    with_gold: int
    with_ranking: int


class Row(NamedTuple):
    """The scores of queries, in their order, for one metric at one k: shape ``(queries,)``.

    A query without a ranking scores 0. ``queries`` are the ids of those that are scored.
    """

    metric: str
    k: int
    scores: NDArray[np.float64]
    coverage: Coverage
    queries: tuple[str, ...] = ()


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
    queries: Sequence[Query],
    rankings: Mapping[str, Sequence[str]],
    metric: str,
    k: int,
    without_gold: WithoutGold = "exclude",
) -> Row:
    """Score each query's ranking (document ids by query id) by a metric of ``METRICS`` at ``k``.

    A query without gold documents is left out, or scores 0 by ``without_gold="zero"``. Raises
    EvaluationError for an unknown metric, a ranking with a document twice, and where no query has
    gold documents.
    """
    score = METRICS[one_of("metric", metric, tuple(METRICS))]

    def of(query: Query) -> float:
        return score(rankings.get(query.id, ()), query.gold, k)

    having = [any(grade > 0 for grade in query.gold.values()) for query in queries]
    return _row(queries, having, rankings, metric, k, without_gold, of)


def evaluate_answers(
    queries: Sequence[Query],
    passages: Mapping[str, Sequence[str]],
    metric: str,
    k: int,
    without_gold: WithoutGold = "exclude",
) -> Row:
    """Score each query's passages (texts by query id, best first) by ``ANSWER_METRICS`` at ``k``.

    What holds an answer says :func:`answer_ranks`. Otherwise as :func:`evaluate`, with answers for
    gold documents.
    """
    score = ANSWER_METRICS[one_of("metric", metric, tuple(ANSWER_METRICS))]

    def of(query: Query) -> float:
        held = answer_ranks(passages.get(query.id, ())[:k], query.answers)
        places = [str(place) for place in range(len(held))]
        gold = {place: 1.0 for place, found in zip(places, held, strict=True) if found}
        return score(places, gold, k) if gold else 0.0

    having = [any(each.strip() for each in query.answers) for query in queries]
    return _row(queries, having, passages, metric, k, without_gold, of)


def _row(
    queries: Sequence[Query],
    having: Sequence[bool],
    found: Mapping[str, Sequence[str]],
    metric: str,
    k: int,
    without_gold: WithoutGold,
    score: Callable[[Query], float],
) -> Row:
    if k < 1:
        raise EvaluationError(f"k is {k}; it must be at least 1")
    if not any(having):
        what = "gold documents" if metric in METRICS else "answers"
        raise EvaluationError(f"no query has {what}, so there is nothing to measure")
    all_count = one_of("without_gold", without_gold, _CHOICES) == "zero"
    scored = [
        (query.id, score(query) if has else 0.0)
        for query, has in zip(queries, having, strict=True)
        if has or all_count
    ]
    ids, scores = zip(*scored, strict=True)
    ranked = sum(has and query.id in found for query, has in zip(queries, having, strict=True))
    coverage = Coverage(len(queries), sum(having), ranked)
    return Row(metric, k, np.array(scores, dtype=np.float64), coverage, ids)


def by_category(
    rows: Mapping[str, Sequence[Row]], queries: Sequence[Query], seed: int = 0
) -> dict[str, list[Cell]]:
    """The table of each category's queries, categories in alphabetical order.

    p-values are adjusted within a category as in :func:`tabulate`. A row without a query of the
    category has no cell there. Raises EvaluationError as :func:`tabulate` does.
    """
    _require_same(rows)
    of = {query.id: query.category for query in queries}
    tables = {}
    for category in sorted(set(of.values())):
        parts: dict[str, list[Row]] = {}
        for way, some in rows.items():
            cut = [_cut(row, [of.get(each) == category for each in row.queries]) for row in some]
            parts[way] = [row for row in cut if row.queries]
        if any(parts.values()):
            tables[category] = tabulate(parts, seed)
    return tables


def _cut(row: Row, kept: Sequence[bool]) -> Row:
    if len(row.scores) != len(row.queries):
        raise EvaluationError(f"{row.metric}@{row.k} does not name its queries")
    ids = tuple(each for each, keep in zip(row.queries, kept, strict=True) if keep)
    return row._replace(scores=row.scores[np.array(kept, dtype=bool)], queries=ids)


def tabulate(rows: Mapping[str, Sequence[Row]], seed: int = 0) -> list[Cell]:
    """A cell for each way and each of its rows, which are of the same queries for all ways.

    Raises EvaluationError for no ways, and for ways with other metrics or queries than the first.
    """
    _require_same(rows)
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


def _require_same(rows: Mapping[str, Sequence[Row]]) -> None:
    """Rows are paired by place: they must be of the same metrics and queries."""
    if not rows:
        raise EvaluationError("there is no way to search to make a table of")
    first, *others = rows.items()
    for way, some in others:
        if [(row.metric, row.k, row.queries) for row in some] != [
            (row.metric, row.k, row.queries) for row in first[1]
        ]:
            raise EvaluationError(
                f"{way} is measured by other metrics or on other queries than {first[0]}"
            )
