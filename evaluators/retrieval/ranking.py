"""Rankings, and what of them is gold."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from evaluators.errors import EvaluationError
from evaluators.text.answer_string import holding
from evaluators.text.listed import few

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Query:
    """A query with its gold documents: their ids, and how relevant each is (above 0).

    ``answers`` are texts one of which a passage should hold, and ``category`` is what tables are
    broken down by.
    """

    id: str
    gold: Mapping[str, float] = field(default_factory=dict)
    answers: tuple[str, ...] = ()
    category: str = ""


def ranked(scores: Mapping[str, float]) -> list[str]:
    """The ids by score, the highest first; equal scores by id, ascending.

    Raises EvaluationError for a score that is NaN.
    """
    if any(score != score for score in scores.values()):
        raise EvaluationError("a retrieval score is NaN, which has no place in a ranking")
    return sorted(scores, key=lambda each: (-scores[each], each))


def answer_ranks(passages: Sequence[str], answers: Iterable[str]) -> list[bool]:
    """For each passage, whether it holds one of the answers.

    Both are compared in NFKC, without case and white space; numbers and Latin words must be whole
    (6일 is not in 16일). An answer of nothing but white space is in no passage.
    """
    return holding(passages, answers)


def require_known(queries: Iterable[Query], documents: Collection[str]) -> None:
    """Raise EvaluationError that lists gold ids which are no documents, or unusable grades.

    A grade is a number from 0 up; NaN and infinity are none.
    """
    golds = [(query.id, *item) for query in queries for item in query.gold.items()]
    unknown = [f"{gold} (query {query})" for query, gold, _ in golds if gold not in documents]
    if unknown:
        raise EvaluationError(f"no document has the gold id {few(unknown)}")
    bad = [
        f"{grade} of {gold} (query {query})" for query, gold, grade in golds if not _usable(grade)
    ]
    if bad:
        raise EvaluationError(f"a grade must be a finite number from 0 up, not {few(bad)}")


def _usable(grade: float) -> bool:
    return 0 <= grade < inf
