"""Matthews correlation coefficient of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.labels import LabelMetric, share

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evaluators.metrics.labels import ClassCounts


class Mcc(LabelMetric):
    """Correlation of gold and predicted labels, -1 to 1; 0 where one side is all one class.

    For any number of classes (Gorodkin 2004): with n rows, c hits and t gold and p predicted rows
    per class, ``(c n - sum t p) / sqrt((n^2 - sum t^2) (n^2 - sum p^2))``.
    """

    name: Final = "mcc"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the coefficient of each sample."""
        n, hits = counts.support.sum(axis=0), counts.hits.sum(axis=0)
        shared = hits * n - (counts.support * counts.claimed).sum(axis=0)
        gold = n**2 - (counts.support**2).sum(axis=0)
        predicted = n**2 - (counts.claimed**2).sum(axis=0)
        return share(shared, np.sqrt(gold * predicted))


def _build(_request: Request) -> Mcc:
    return Mcc()


ENTRIES = (Entry(Mcc.name, "Matthews correlation of labels", "nothing", _build),)
