"""The leaderboard as points with their intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.report.plots.style import BLUE, GREY, INK, list_names, new_figure, whiskers
from evaluators.report.wording import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evaluators.report.data import Report

MOST: Final = 60


def draw_intervals(report: Report) -> Figure | None:
    """Return the best ``MOST`` rows of the leaderboard, or None where there is none."""
    rows = [row for row in report.leaderboard if row.kind != "known"]
    known = [row for row in report.leaderboard if row.kind == "known"]
    shown = [*rows, *known][:MOST]
    if not shown:
        return None
    language = report.language
    figure = new_figure(1.3 + 0.28 * len(shown))
    axes = figure.add_subplot()
    base = next((row.score for row in rows if row.name == report.baseline), None)
    if base is not None:
        axes.axvline(base, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    for place, row in enumerate(shown):
        if row.kind == "known":
            axes.plot([row.score], [place], "D", color=GREY, markerfacecolor="white", markersize=5)
        else:
            color = INK if row.name == report.baseline else BLUE
            whiskers(axes, place, row.score, row.low, row.high, color)
    list_names(axes, [row.name for row in shown])
    axes.set_title(say("plot.intervals", language))
    notes = [f"{report.metric.name} · {say('interval95', language)}"]
    if base is not None:
        notes.append(say("plot.baseline_line", language))
    if any(row.kind == "known" for row in shown):
        notes.append(say("plot.known_mark", language))
    if len(shown) < len(report.leaderboard):
        notes.append(say("plot.some_of", language, shown=len(shown), all=len(report.leaderboard)))
    axes.set_xlabel(" · ".join(notes))
    return figure
