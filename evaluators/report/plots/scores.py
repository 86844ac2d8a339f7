"""Every run's score with its interval, best first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.report.plots.style import COLOURS, FAINT, INCH, INK, figure, list_names
from evaluators.report.plots.words import word

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evaluators.report.data import Report


def draw(report: Report) -> Figure | None:
    """Return the plot, or None where nothing was scored."""
    rows = [row for row in report.leaderboard if row.kind != "known"]
    if not rows:
        return None
    drawn, axes = figure(7.2, 1.2 + INCH * len(rows))
    for place, row in enumerate(rows):
        colour = INK if row.name == report.baseline else COLOURS[0]
        if row.low is not None and row.high is not None:
            axes.plot([row.low, row.high], [place, place], color=colour, linewidth=2.4, alpha=0.55)
        hollow = "white" if row.proxy else colour
        axes.plot(row.score, place, "o", color=colour, markerfacecolor=hollow, markersize=6.5)
        if row.name == report.baseline:
            axes.axvline(row.score, color=FAINT, linewidth=1, linestyle=":")
    language = report.language
    marks = {report.baseline: f" ({word('baseline', language)})"}
    list_names(axes, [f"{row.name}{marks.get(row.name, '')}" for row in rows])
    mark = f" · {word('proxy', language)}" if report.metric.proxy_reason else ""
    axes.set_title(word("scores", language))
    axes.set_xlabel(f"{report.metric.name}{mark}")
    return drawn
