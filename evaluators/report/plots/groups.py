"""A heat map of the scores on the rows of each group."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from evaluators.report.plots.style import HEAT, INCH, figure, shortened
from evaluators.report.plots.words import word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

    from evaluators.report.data import Report

_DARK = 0.55
"""Below this share of the colours' range they are dark enough for white figures."""


def draw(report: Report) -> Mapping[str, Figure]:
    """Return a plot per dimension that rows are grouped by."""
    dimensions = dict.fromkeys(each.dimension for each in report.groups)
    return {dimension: _draw(report, dimension) for dimension in dimensions}


def _draw(report: Report, dimension: str) -> Figure:
    cells = {(each.run, each.group): each for each in report.groups if each.dimension == dimension}
    runs = list(dict.fromkeys(run for run, _ in cells))
    names = list(dict.fromkeys(group for _, group in cells))
    scores = np.array(
        [[_score(cells.get((run, name))) for run in runs] for name in names], dtype=np.float64
    )
    drawn, axes = figure(2.6 + 1.0 * len(runs), 1.6 + INCH * len(names))
    image = axes.imshow(scores, cmap=HEAT, aspect="auto")
    low, high = float(np.nanmin(scores)), float(np.nanmax(scores))
    digits = 3 if report.metric.scale == 1 else 1
    for row, column in np.ndindex(*scores.shape):
        value = scores[row, column]
        dark = high > low and (value - low) / (high - low) < _DARK
        text = "–" if np.isnan(value) else f"{value:.{digits}f}"
        axes.text(
            column, row, text, ha="center", va="center", fontsize=9,
            color="white" if dark else "black",
        )  # fmt: skip
    counts = {group: each.n for (_, group), each in cells.items()}
    axes.set_yticks(range(len(names)), [f"{shortened(name)}  n={counts[name]}" for name in names])
    axes.set_xticks(range(len(runs)), [shortened(run, 20) for run in runs], rotation=30, ha="right")
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(word("by", report.language, word(dimension, report.language)))
    drawn.colorbar(image, ax=axes, label=report.metric.name, fraction=0.05)
    return drawn


def _score(cell: object) -> float:
    return float(getattr(cell, "score", float("nan")))
