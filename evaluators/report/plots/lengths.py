"""Whether longer answers score better: the mean score over answers of like length."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.report.plots.style import COLOURS, DASHES, MARKERS, figure, shortened
from evaluators.report.plots.words import word

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from evaluators.report.data import Report, ReportRun

_BINS: Final = 8
_FEWEST: Final = 5
"""Rows that a point must stand for, at least."""


def draw(report: Report) -> Figure | None:
    """Return the plot, or None where no run has scored text."""
    runs = [run for run in report.runs if any(run.answers) and not np.isnan(run.scores).all()]
    if not runs:
        return None
    drawn, axes = figure(7.2, 4.4)
    for place, run in enumerate(runs):
        lengths, means = _binned(run)
        axes.plot(
            lengths, means, label=shortened(run.name), linewidth=1.6,
            color=COLOURS[place % len(COLOURS)], marker=MARKERS[place % len(MARKERS)],
            linestyle=DASHES[place // len(COLOURS) % len(DASHES)],
        )  # fmt: skip
    axes.set_xlabel(word("characters", report.language))
    axes.set_ylabel(word("mean", report.language))
    axes.set_title(word("lengths", report.language))
    axes.set_xlim(left=0)
    axes.legend(fontsize=9, loc="best")
    return drawn


def _binned(run: ReportRun) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean length and mean score of about equally many rows each, shape ``(bins,)``."""
    scored = ~np.isnan(run.scores)
    lengths = np.array([len(answer) for answer in run.answers], dtype=np.float64)[scored]
    scores = run.scores[scored]
    order = np.argsort(lengths, kind="stable")
    parts = np.array_split(order, max(1, min(_BINS, len(order) // _FEWEST)))
    means = [(lengths[part].mean(), scores[part].mean()) for part in parts]
    found = np.array(means, dtype=np.float64)
    return found[:, 0], found[:, 1]
