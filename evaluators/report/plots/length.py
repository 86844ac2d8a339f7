"""Each run's row scores against the length of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.report.length import answer_lengths, length_trend
from evaluators.report.plots.style import BLUE, GREY, new_figure, short
from evaluators.report.wording import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evaluators.report.data import Report

MOST_RUNS: Final = 12
_COLUMNS: Final = 3


def draw_lengths(report: Report) -> Figure | None:
    """Return one panel per run, or None where no run's answers differ in length."""
    trends = [(run, length_trend(run)) for run in report.runs]
    panels = [(run, trend) for run, trend in trends if trend is not None]
    if not panels:
        return None
    left_out = len(panels) - MOST_RUNS
    panels = panels[:MOST_RUNS]
    columns = min(_COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    figure = new_figure(0.9 + 2.0 * lines)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (run, trend) in zip(grid.flat, panels, strict=False):
        axes.plot(
            answer_lengths(run), run.scores, "o", color=GREY, alpha=0.35, markersize=2.2,
            markeredgewidth=0, rasterized=True,
        )  # fmt: skip
        axes.fill_between(trend.length, trend.low, trend.high, color=BLUE, alpha=0.2, linewidth=0)
        axes.plot(trend.length, trend.score, color=BLUE)
        axes.set_title(short(run.name), fontsize=9, pad=4)
        axes.grid(axis="y")
        # Below a hidden panel the axis would otherwise go unlabelled.
        axes.tick_params(labelbottom=True)
    language = report.language
    figure.suptitle(say("plot.length", language), x=0.01, ha="left", fontsize=11)
    notes = [say("plot.length_axis", language)]
    if left_out > 0:
        notes.append(say("plot.left_out", language, n=left_out))
    figure.supxlabel(" · ".join(notes), fontsize=9, color=GREY)
    figure.supylabel(report.metric.name, fontsize=9, color=GREY)
    return figure
