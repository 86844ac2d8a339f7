"""A weighted sum of row metrics, as several competitions score."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Signature, is_corpus_metric, joined
from evaluators.errors import EvaluationError
from evaluators.metrics.rowwise import checked_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Direction, Example, Metric


class Weighted:
    """Row by row the sum of ``weight * term``, for example 0.7 cosine + 0.3 jaccard.

    A proxy as soon as one term is. Raises EvaluationError for no terms, a term that has no row
    scores of its own (a corpus metric), terms of different direction, or a weight that is not
    finite.
    """

    def __init__(self, terms: Sequence[tuple[float, Metric]], name: str = "weighted") -> None:
        if not terms:
            raise EvaluationError(f"{name} has no terms to add up")
        for weight, term in terms:
            if is_corpus_metric(term):
                raise EvaluationError(f"{term.name} has no row scores to weight: remove it")
            if not math.isfinite(weight):
                raise EvaluationError(f"{name}: the weight of {term.name} is {weight}")
        directions = {_pointing(weight, term) for weight, term in terms}
        if len(directions) > 1:
            raise EvaluationError(
                f"{name} mixes terms that are better when higher with terms that are better "
                "when lower"
            )
        self.name: Final = name
        self.direction: Final[Direction] = directions.pop()
        self.proxy: Final = joined(term.proxy for _, term in terms)
        self._weights: dict[str, float] = {}
        self._terms: dict[str, Metric] = {}
        for weight, term in terms:
            key = _free(term.name, self._terms)
            self._weights[key], self._terms[key] = float(weight), term

    @property
    def terms(self) -> list[tuple[float, Metric]]:
        """The weights and metrics that are added up."""
        return [(self._weights[key], term) for key, term in self._terms.items()]

    @property
    def signature(self) -> Signature:
        """Lists every term's weight and signature."""
        base = Signature.of(self.name)
        listed = "+".join(
            f"{self._weights[key]:g}*({_inner(term.signature)})"
            for key, term in self._terms.items()
        )
        return Signature(base.name, base.version, (("terms", listed),))

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores, each term computed once."""
        return self.combine(self.rows_by_term(examples))

    def rows_by_term(self, examples: Sequence[Example]) -> dict[str, NDArray[np.float64]]:
        """Return the terms' own row scores, unweighted; a repeated name gets ``#2``, ``#3``."""
        return {key: checked_rows(term, examples) for key, term in self._terms.items()}

    def combine(self, rows: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return the row scores from those of the terms, as ``rows_by_term`` gave them."""
        parts = [weight * rows[key] for key, weight in self._weights.items()]
        total: NDArray[np.float64] = np.sum(parts, axis=0, dtype=np.float64)
        return total

    def aggregate(self, rows: NDArray[np.float64]) -> float:
        """Return the mean; raises EvaluationError where there are no rows."""
        if not len(rows):
            raise EvaluationError("there are no rows to average")
        return float(np.mean(rows))


def _pointing(weight: float, term: Metric) -> Direction:
    """Which end of the weighted term is better: a weight below 0 turns it round."""
    return term.direction if weight >= 0 else "lower" if term.direction == "higher" else "higher"


def _free(name: str, taken: Mapping[str, Metric]) -> str:
    key, count = name, 1
    while key in taken:
        count += 1
        key = f"{name}#{count}"
    return key


def _inner(signature: Signature) -> str:
    # The version stands once, at the end of the whole.
    return ",".join([signature.name, *(f"{key}:{value}" for key, value in signature.options)])
