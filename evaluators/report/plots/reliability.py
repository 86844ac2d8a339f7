"""How often each run's answers are right, by the probability that they were chosen with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.report.plots.style import BLUE, GREY, new_figure, short
from evaluators.report.wording import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evaluators.report.data import Report

MOST_RUNS: Final = 12
_COLUMNS: Final = 3


def draw_reliability(report: Report) -> Figure | None:
    """Return one reliability diagram per run, or None where no run has probabilities."""
    panels = [(run.name, run.reliability) for run in report.runs if run.reliability is not None]
    if not panels:
        return None
    left_out = len(panels) - MOST_RUNS
    panels = panels[:MOST_RUNS]
    columns = min(_COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    language = report.language
    figure = new_figure(0.9 + 2.4 * lines)
    grid = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes, (name, found) in zip(grid.flat, panels, strict=False):
        bins = [each for each in found.bins if each.n]
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8)
        axes.bar(
            [each.low for each in bins], [each.accuracy or 0.0 for each in bins],
            [each.high - each.low for each in bins], align="edge", color=BLUE, alpha=0.25,
        )  # fmt: skip
        axes.plot(
            [each.confidence for each in bins], [each.accuracy for each in bins],
            "o-", color=BLUE, markersize=3.5, linewidth=1,
        )  # fmt: skip
        axes.set_title(f"{short(name)}  ECE {found.ece:.3f}", fontsize=9, pad=4)
        axes.grid(axis="y")
        axes.tick_params(labelbottom=True)
    figure.suptitle(say("plot.reliability", language), x=0.01, ha="left", fontsize=11)
    notes = [say("plot.reliability_axes", language)]
    if left_out > 0:
        notes.append(say("plot.left_out", language, n=left_out))
    figure.supxlabel(" · ".join(notes), fontsize=9, color=GREY)
    return figure
