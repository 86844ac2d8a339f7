"""How good a ranking of documents is: metrics against gold documents or answers, and their table.

Every metric is of one query and between 0 and 1. Equal scores are ranked by id, so that the order
in which documents are given changes nothing.
"""

from __future__ import annotations

from evaluators.retrieval.metrics import (
    average_precision,
    hit,
    ndcg,
    precision,
    recall,
    reciprocal_rank,
)
from evaluators.retrieval.ranking import Query, answer_ranks, ranked, require_known
from evaluators.retrieval.table import (
    ANSWER_METRICS,
    METRICS,
    Cell,
    Coverage,
    Row,
    WithoutGold,
    by_category,
    evaluate,
    evaluate_answers,
    tabulate,
)

__all__ = [
    "ANSWER_METRICS",
    "METRICS",
    "Cell",
    "Coverage",
    "Query",
    "Row",
    "WithoutGold",
    "answer_ranks",
    "average_precision",
    "by_category",
    "evaluate",
    "evaluate_answers",
    "hit",
    "ndcg",
    "precision",
    "ranked",
    "recall",
    "reciprocal_rank",
    "require_known",
    "tabulate",
]
