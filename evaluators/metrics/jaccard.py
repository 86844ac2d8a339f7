"""Jaccard similarity of word sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Request
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example


class Jaccard(RowMetric):
    """Words shared over words used, words being what whitespace separates; 0 if there are none."""

    name: Final = "jaccard"
    proxy: Final = None

    def __init__(self, references: References = "mean") -> None:
        self._references = check_references(references)
        self.signature: Final = Signature.of(self.name, refs=self._references, tok="whitespace")

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        return text_rows(examples, self.name, self._references, jaccard)


def jaccard(one: str, two: str) -> float:
    """Return the Jaccard index of two texts' word sets."""
    left, right = set(one.split()), set(two.split())
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def _build(request: Request) -> Jaccard:
    return Jaccard(references=request.references())


ENTRIES = (
    Entry(
        Jaccard.name,
        "words shared over words used, split at whitespace",
        "nothing",
        _build,
        (REFERENCES_OPTION,),
    ),
)
