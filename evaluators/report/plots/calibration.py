"""Local scores beside what the organizer's leaderboard said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.report.plots.style import BLUE, GREY, INK, new_figure, short
from evaluators.report.wording import say

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evaluators.report.data import Report


def draw_calibration(report: Report) -> Figure | None:
    """Return the recorded scores and, where there is one, the fit with its bands."""
    points, fit, language = report.calibration, report.fit, report.language
    if not points:
        return None
    figure = new_figure(4.2)
    axes = figure.add_subplot()
    if fit is not None:
        local = list(fit.local)
        if fit.prediction_low is not None and fit.prediction_high is not None:
            axes.fill_between(
                local, fit.prediction_low, fit.prediction_high,
                color=BLUE, alpha=0.1, linewidth=0, label=say("plot.prediction_band", language),
            )  # fmt: skip
        axes.fill_between(
            local, fit.low, fit.high,
            color=BLUE, alpha=0.25, linewidth=0, label=say("plot.fit_band", language),
        )  # fmt: skip
        axes.plot(
            local, [fit.intercept + fit.slope * x for x in local],
            color=BLUE, label=say("plot.fit", language, n=fit.n),
        )  # fmt: skip
    axes.plot(
        [each.local for each in points], [each.public for each in points],
        "o", color=INK, markersize=5.5, label=say("plot.public", language),
    )  # fmt: skip
    private = [each for each in points if each.private is not None]
    if private:
        axes.plot(
            [each.local for each in private], [each.private or 0.0 for each in private],
            "D", color=GREY, markerfacecolor="white", markersize=5,
            label=say("plot.private", language),
        )  # fmt: skip
    for each in points:
        # The line rises to the right: what stands above and left of a point is clear of it.
        axes.annotate(
            short(each.run), (each.local, each.public),
            xytext=(-6, 5), textcoords="offset points", fontsize=8, ha="right",
        )  # fmt: skip
    axes.margins(0.15)
    axes.grid()
    axes.set_title(say("plot.calibration", language))
    axes.set_xlabel(f"{say('local_score', language)} ({report.metric.name})")
    axes.set_ylabel(say("organizer_score", language))
    axes.legend(frameon=False, fontsize=8, loc="best")
    return figure
