"""Numbers made into a few groups of rows, for breakdowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def quarters(values: Sequence[int]) -> tuple[list[str], NDArray[np.intp]]:
    """Return labels such as ``19-39``, smallest first, and each value's place among them.

    Cut at the quartiles, a value on a cut going to the lower group; equal values stay together,
    so that there may be fewer than four groups. A label shows the values that are there. Raises
    EvaluationError for no values.
    """
    numbers = np.asarray(values, dtype=np.int64)
    if not len(numbers):
        raise EvaluationError("there are no values to make groups of")
    cuts = np.quantile(numbers, (0.25, 0.5, 0.75), method="inverted_cdf")
    _, places = np.unique(np.searchsorted(cuts, numbers, side="left"), return_inverse=True)
    labels = []
    for place in range(int(places.max()) + 1):
        own = numbers[places == place]
        low, high = int(own.min()), int(own.max())
        labels.append(str(low) if low == high else f"{low}-{high}")
    return labels, places
