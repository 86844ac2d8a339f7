"""Keywords that an answer mentions."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Signature
from evaluators.errors import EvaluationError
from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.rowwise import RowMetric, require_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example


class KeywordRecall(RowMetric):
    """Share of a row's distinct keywords that its answer contains.

    Keywords are ``meta["keywords"]``, or else the first reference, with ``|`` between them.
    Spacing, letter case and the width of characters do not count: 재발방지 is found in 재발 방지,
    m² in 3 m2.
    """

    name: Final = "keyword-recall"
    proxy: Final = None

    @property
    def signature(self) -> Signature:
        """Says how words are matched."""
        return Signature.of(self.name, match="nfkc-casefold-nospace")

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no keywords."""
        require_text(examples, self.name)
        return np.array([_recall(row) for row in examples], dtype=np.float64)


def _recall(row: Example) -> float:
    answer = _bare(row.answer)
    words = _keywords(row)
    return sum(word in answer for word in words) / len(words)


def _keywords(row: Example) -> set[str]:
    listed = row.meta.get("keywords") or next(iter(row.references), "")
    words = {_bare(word) for word in listed.split("|")} - {""}
    if not words:
        raise EvaluationError(
            f"keyword-recall: row {row.id!r} has no keywords: write them into its reference, "
            "'first|second|third'"
        )
    return words


def _bare(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _build(_request: Request) -> KeywordRecall:
    return KeywordRecall()


ENTRIES = (
    Entry(
        KeywordRecall.name,
        "keywords (first|second|...) that the answer contains",
        "nothing",
        _build,
    ),
)
