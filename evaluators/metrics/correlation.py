"""How numbers go with the gold ones: the correlations of Pearson and Spearman."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.metrics.counted import Counted, summed_by
from evaluators.metrics.entry import Entry
from evaluators.metrics.numbers import UNREADABLE, OfNumbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.counted import Value

    Places = Callable[[NDArray[np.float64]], NDArray[np.float64]]

# Of numbers of about 1, what rounding leaves of a variance of 0.
_NO_VARIANCE: Final = 1e-20


class _Correlation(OfNumbers, Counted):
    """Base of both; 0 where the golds or the answers of a sample are all the same.

    scipy leaves that undefined, but a constant answer has a place on a leaderboard. A row's own
    score is the product of its two deviations from the mean in standard deviations: their mean is
    the correlation.
    """

    proxy: Final = None

    @abstractmethod
    def places(self, values: NDArray[np.float64]) -> Places:
        """Return what makes of counts, ``(samples, rows)``, the numbers that are correlated.

        These are of about 1, and of shape ``(samples, rows)`` or ``(1, rows)``.
        """

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return each row's part of the correlation; raises EvaluationError for no numbers."""
        numbers = self.numbers(examples)
        whole = np.ones((1, len(examples)))
        gold, answer = (_standard(whole, self.places(each)(whole)) for each in numbers)
        parts: NDArray[np.float64] = (gold * answer)[0]
        return parts

    def of_counts(self, examples: Sequence[Example]) -> Value:
        """Return what makes correlations of counts of the rows."""
        numbers = self.numbers(examples)
        of_gold, of_answer = (self.places(each) for each in numbers)

        def value(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            gold, answer = (_standard(counts, places(counts)) for places in (of_gold, of_answer))
            mean = (counts * gold * answer).sum(axis=1) / _size(counts)[:, 0]
            clipped: NDArray[np.float64] = np.clip(mean, -1.0, 1.0)
            return clipped

        return value


class Pearson(_Correlation):
    """Pearson's correlation of answers and first references, -1 to 1."""

    name: Final = "pearson"

    def places(self, values: NDArray[np.float64]) -> Places:
        """Return the values themselves, moved and scaled to about 1."""
        moved = values - values.mean()
        moved /= np.abs(moved).max() or 1.0
        return lambda _: moved[np.newaxis]


class Spearman(_Correlation):
    """Pearson's correlation of the ranks of answers and first references; ties share their mean."""

    name: Final = "spearman"

    def places(self, values: NDArray[np.float64]) -> Places:
        """Return the ranks within each sample, over their number."""
        different, codes = np.unique(values, return_inverse=True)
        sums = summed_by(codes, len(different))

        def ranks(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            equal = sums(counts)
            middle = equal.cumsum(axis=1) - equal / 2
            shares: NDArray[np.float64] = middle[:, codes] / _size(counts)
            return shares

        return ranks


def _size(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rows of each sample, ``(samples, 1)``; 1 for none, whose correlation is 0 as well."""
    rows: NDArray[np.float64] = np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return rows


def _standard(counts: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Deviations from each sample's mean in its standard deviations; 0 where all are the same."""
    n = _size(counts)
    moved = values - (counts * values).sum(axis=1, keepdims=True) / n
    variance = (counts * moved**2).sum(axis=1, keepdims=True) / n
    spread = np.sqrt(variance)
    found: NDArray[np.float64] = np.divide(
        moved, spread, out=np.zeros_like(moved), where=variance > _NO_VARIANCE
    )
    return found


ENTRIES = tuple(
    Entry(
        kind.name,
        f"{kind.name.capitalize()}'s correlation of numbers",
        "nothing",
        kind.of,
        (UNREADABLE,),
    )
    for kind in (Pearson, Spearman)
)
