"""Local scores beside the organizer's, and how sure the line between them is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.report.plots.style import COLOURS, INK, figure, shortened
from evaluators.report.plots.words import word

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from evaluators.report.data import CalibrationFit, Language, Report


def draw(report: Report) -> Figure | None:
    """Return the plot, or None where the organizer's leaderboard said nothing yet."""
    if not report.calibration:
        return None
    drawn, axes = figure(6.0, 4.8)
    if report.fit is not None:
        _line(axes, report.fit, report.language)
    for point in report.calibration:
        axes.plot(point.local, point.public, "o", color=INK, markersize=6)
        axes.annotate(
            shortened(point.run, 24), (point.local, point.public), xytext=(6, 5),
            textcoords="offset points", fontsize=9,
        )  # fmt: skip
    axes.margins(x=0.15, y=0.12)
    axes.set_xlabel(f"{word('local', report.language)}: {report.metric.name}")
    axes.set_ylabel(word("public", report.language))
    axes.set_title(word("calibration", report.language))
    if report.fit is not None:
        axes.legend(fontsize=9, loc="upper left")
    return drawn


def _line(axes: Axes, fit: CalibrationFit, language: Language) -> None:
    if fit.prediction_low is not None and fit.prediction_high is not None:
        axes.fill_between(
            fit.local, fit.prediction_low, fit.prediction_high, color=COLOURS[5], alpha=0.18,
            linewidth=0, label=word("prediction", language),
        )  # fmt: skip
    axes.fill_between(
        fit.local, fit.low, fit.high, color=COLOURS[0], alpha=0.25, linewidth=0,
        label=word("band", language),
    )  # fmt: skip
    axes.plot(
        fit.local, [fit.intercept + fit.slope * local for local in fit.local],
        color=COLOURS[0], linewidth=1.8, label=f"n={fit.n}",
    )  # fmt: skip
