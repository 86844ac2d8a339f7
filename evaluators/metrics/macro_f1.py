"""Macro F1 of labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.metrics.entry import Entry, Request
from evaluators.metrics.labels import LabelMetric

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from evaluators.metrics.labels import ClassCounts


class MacroF1(LabelMetric):
    """Mean of the classes' F1; classes that a sample lacks on both sides do not count in it."""

    name: Final = "macro-f1"

    def from_counts(self, counts: ClassCounts) -> NDArray[np.float64]:
        """Return the mean F1 of each sample."""
        involved = counts.support + counts.claimed > 0
        mean: NDArray[np.float64] = counts.f1.sum(axis=0) / involved.sum(axis=0)
        return mean


def _build(_request: Request) -> MacroF1:
    return MacroF1()


ENTRIES = (Entry(MacroF1.name, "mean of the classes' F1", "nothing", _build),)
