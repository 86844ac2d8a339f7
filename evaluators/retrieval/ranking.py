"""Rankings, and what of them is gold."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evaluators.errors import EvaluationError

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

    Both are compared in NFKC, in lower case, without white space; an answer of nothing else is in
    no passage. (NFD, which some evaluators use, would take Hangul syllables apart.)
    """
    wanted = [text for text in map(_normal, answers) if text]
    return [any(text in _normal(passage) for text in wanted) for passage in passages]


def require_known(queries: Iterable[Query], documents: Collection[str]) -> None:
    """Raise EvaluationError that lists gold ids which are no documents, and grades below 0."""
    unknown = [
        f"{gold} (query {query.id})"
        for query in queries
        for gold in query.gold
        if gold not in documents
    ]
    if unknown:
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        raise EvaluationError(f"no document has the gold id {', '.join(unknown[:5])}{more}")


def _normal(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).lower().split())
