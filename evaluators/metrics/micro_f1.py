"""Micro F1 of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.labels import LabelMetric, share

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluators.metrics.labels import ClassCounts


class MicroF1(LabelMetric):
    """F1 of the hits of all classes together; with one label a row this is accuracy."""

    name: Final = "micro-f1"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the pooled F1 of each sample."""
        guesses = counts.support.sum(axis=0) + counts.claimed.sum(axis=0)
        return share(2 * counts.hits.sum(axis=0), guesses)


def _build(_request: Request) -> MicroF1:
    return MicroF1()


ENTRIES = (Entry(MicroF1.name, "F1 of all classes' hits together", "nothing", _build),)
