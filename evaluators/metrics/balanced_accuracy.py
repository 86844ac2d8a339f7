"""Balanced accuracy of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.labels import LabelMetric, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluators.metrics.labels import ClassCounts


class BalancedAccuracy(LabelMetric):
    """Mean of the gold classes' recall, so that every class weighs the same (Brodersen 2010)."""

    name: Final = "balanced-accuracy"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the mean recall of each sample."""
        classes = (counts.support > 0).sum(axis=0, dtype="float64")
        return share(counts.recall.sum(axis=0), classes)


def _build(_request: Request) -> BalancedAccuracy:
    return BalancedAccuracy()


ENTRIES = (Entry(BalancedAccuracy.name, "mean of the classes' recall", "nothing", _build),)
