"""Weighted F1 of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.labels import LabelMetric, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluators.metrics.labels import ClassCounts


class WeightedF1(LabelMetric):
    """Mean of the classes' F1, each weighing as much as it has gold rows."""

    name: Final = "weighted-f1"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the weighted mean F1 of each sample."""
        weighted = (counts.f1 * counts.support).sum(axis=0)
        return share(weighted, counts.support.sum(axis=0))


def _build(_request: Request) -> WeightedF1:
    return WeightedF1()


ENTRIES = (Entry(WeightedF1.name, "mean of the classes' F1 by size", "nothing", _build),)
