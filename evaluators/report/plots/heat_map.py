"""Runs against the groups of a dimension, such as categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.report.plots.style import SCALE, new_figure, short
from evaluators.report.wording import say, say_or_keep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from evaluators.report.data import GroupScore, Report

MOST_RUNS: Final = 40
MOST_GROUPS: Final = 24
LEVEL_NAMES: Final = 6
INCHES_PER_LETTER: Final = 0.11
_DIGITS: Final = {1.0: 2, 100.0: 1}
# Where black and white text contrast alike (WCAG 2.2, contrast ratio).
_MIDDLE: Final = 0.179


def dimensions(report: Report) -> list[str]:
    """Return what the report breaks scores down by, in its order."""
    return list(dict.fromkeys(each.dimension for each in report.groups))


def draw_heat_map(report: Report, dimension: str) -> Figure:
    """Return the score of every run in every group, at most the first of each that fit a page."""
    cells = [each for each in report.groups if each.dimension == dimension]
    runs = list(dict.fromkeys(each.run for each in cells))
    groups = list(dict.fromkeys(each.group for each in cells))
    left_out = max(len(runs) - MOST_RUNS, 0) + max(len(groups) - MOST_GROUPS, 0)
    runs, groups = runs[:MOST_RUNS], groups[:MOST_GROUPS]
    values = _table(cells, runs, groups)
    names = [f"{short(group)} ({_rows(cells, group)})" for group in groups]
    level = len(groups) <= LEVEL_NAMES
    room = 0.0 if level else INCHES_PER_LETTER * max(map(len, names))
    figure = new_figure(1.5 + room + 0.32 * len(runs))
    axes = figure.add_subplot()
    image = axes.imshow(values, cmap=SCALE, aspect="auto")
    axes.set_xticks(range(len(groups)), names, rotation=0 if level else 90)
    axes.set_yticks(range(len(runs)), [short(run) for run in runs])
    axes.spines[:].set_visible(False)
    digits = _DIGITS.get(report.metric.scale, 2)
    if len(groups) <= 14:
        for (row, column), value in np.ndenumerate(values):
            if not np.isnan(value):
                dark = _luminance(np.asarray(image.to_rgba(np.asarray(value)))) < _MIDDLE
                axes.text(
                    column, row, f"{value:.{digits}f}",
                    ha="center", va="center", color="white" if dark else "black", fontsize=8,
                )  # fmt: skip
    bar = figure.colorbar(image, ax=axes, shrink=0.9, pad=0.015, aspect=12)
    bar.outline.set_visible(False)
    name = say_or_keep("dimension", dimension, report.language)
    axes.set_title(say("plot.heat_map", report.language, dimension=name))
    notes = [report.metric.name, say("plot.heat_counts", report.language)]
    if left_out:
        notes.append(say("plot.left_out", report.language, n=left_out))
    axes.set_xlabel(" · ".join(notes))
    return figure


def _table(
    cells: Sequence[GroupScore], runs: Sequence[str], groups: Sequence[str]
) -> NDArray[np.float64]:
    values = np.full((len(runs), len(groups)), np.nan)
    rows = {run: place for place, run in enumerate(runs)}
    columns = {group: place for place, group in enumerate(groups)}
    for each in cells:
        if each.run in rows and each.group in columns:
            values[rows[each.run], columns[each.group]] = each.score
    return values


def _luminance(color: NDArray[np.float64]) -> float:
    """Relative luminance of an sRGB color, as WCAG 2.2 defines it."""
    part = color[:3]
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def _rows(cells: Sequence[GroupScore], group: str) -> int:
    return max(each.n for each in cells if each.group == group)
