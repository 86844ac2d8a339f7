"""How a run's row scores change with the length of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from evaluators.report.data import ReportRun

_BINS: Final = 8
_FEWEST_PER_BIN: Final = 5
_NORMAL_95: Final = 1.959964


class LengthTrend(NamedTuple):
    """Mean score by answer length in equally full bins; every array has shape ``(bins,)``.

    ``length`` is the median number of characters in the bin, ``low`` and ``high`` the 95% interval
    of the mean by the normal approximation.
    """

    length: NDArray[np.float64]
    score: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


def answer_lengths(run: ReportRun) -> NDArray[np.float64]:
    """Return how many characters each answer has, shape ``(rows,)``."""
    return np.array([len(answer) for answer in run.answers], dtype=np.float64)


def length_trend(run: ReportRun) -> LengthTrend | None:
    """Return how scores change with length, or None where that cannot be told.

    Rows without a score are left out; what is left must fill two bins and differ in length.
    """
    scores = np.asarray(run.scores, dtype=np.float64)
    known = np.isfinite(scores)
    lengths, scores = answer_lengths(run)[known], scores[known]
    bins = min(_BINS, len(lengths) // _FEWEST_PER_BIN)
    if bins < 2 or lengths.min() == lengths.max():
        return None
    parts = np.array_split(np.argsort(lengths, kind="stable"), bins)
    means = np.array([scores[part].mean() for part in parts])
    errors = np.array([scores[part].std(ddof=1) / np.sqrt(len(part)) for part in parts])
    return LengthTrend(
        np.array([np.median(lengths[part]) for part in parts]),
        means,
        means - _NORMAL_95 * errors,
        means + _NORMAL_95 * errors,
    )
