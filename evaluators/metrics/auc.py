"""AUC: how well numbers per class tell the classes apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.metrics.class_scores import POSITIVE, UNREADABLE, OfClassScores
from evaluators.metrics.counted import Counted, summed_by
from evaluators.metrics.entry import Entry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.counted import Value


class Auc(OfClassScores, Counted):
    """Area under the ROC curve: how often a row of a class has more of it than another row.

    Ties count half. An answer is one number, which speaks of the label ``positive``, or a JSON
    object with a number per label: then the mean over the gold labels, each against all others
    (scikit-learn's ``multi_class="ovr"``, ``average="macro"``). Only the order of the numbers
    counts, and their sum need not be 1. An answer that is neither is an error, or with ``even``
    says the same of every class. A class without a row of its own or of another in a bootstrap
    sample is left out of its mean. A row's own score is its share of the pairs it is in that are in
    order: their mean is the AUC.
    """

    name: Final = "auc"
    proxy: Final = None

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return each row's share of the ordered pairs; raises EvaluationError for no scores."""
        shares = np.array([_shares(*each) for each in self._classes(examples)])
        mean: NDArray[np.float64] = shares.mean(axis=0)
        return mean

    def of_counts(self, examples: Sequence[Example]) -> Value:
        """Return what makes AUCs of counts of the rows; NaN where one class is all there is."""
        curves = [_area(*each) for each in self._classes(examples)]

        def value(counts: NDArray[np.float64]) -> NDArray[np.float64]:
            areas = np.array([area(counts) for area in curves])
            known = ~np.isnan(areas)
            total = np.where(known, areas, 0.0).sum(axis=0)
            number = known.sum(axis=0)
            nothing = np.full(len(counts), np.nan)
            found: NDArray[np.float64] = np.divide(total, number, out=nothing, where=number > 0)
            return found

        return value

    def _classes(
        self, examples: Sequence[Example]
    ) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.float64]]]:
        """For each class that is gold: which rows are of it, and what every answer gives it."""
        scores = self.scores(examples)
        present = np.unique(scores.gold)
        if len(present) < 2:
            raise EvaluationError(
                f"{self.name} needs rows of two classes: every reference is "
                f"{scores.labels[present[0]]!r}"
            )
        for place in (0,) if scores.single else present:
            yield scores.gold == place, scores.values[:, place]


def _area(own: NDArray[np.bool_], values: NDArray[np.float64]) -> Value:
    different, codes = np.unique(values, return_inverse=True)
    sums = summed_by(codes, len(different))

    def area(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        members, others = sums(counts * own), sums(counts * ~own)
        before = others.cumsum(axis=1) - others / 2
        pairs = members.sum(axis=1) * others.sum(axis=1)
        nothing = np.full(len(counts), np.nan)
        found: NDArray[np.float64] = np.divide(
            (members * before).sum(axis=1), pairs, out=nothing, where=pairs > 0
        )
        return found

    return area


def _shares(own: NDArray[np.bool_], values: NDArray[np.float64]) -> NDArray[np.float64]:
    shares = np.empty(len(values))
    for mine, theirs, sign in ((own, ~own, 1.0), (~own, own, -1.0)):
        ordered = np.sort(sign * values[theirs])
        below = np.searchsorted(ordered, sign * values[mine], side="left")
        upto = np.searchsorted(ordered, sign * values[mine], side="right")
        shares[mine] = (below + upto) / (2 * len(ordered))
    return shares


ENTRIES = (
    Entry(
        Auc.name,
        "area under the ROC curve of probabilities",
        "nothing",
        Auc.of,
        (POSITIVE, UNREADABLE),
    ),
)
