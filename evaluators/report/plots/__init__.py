"""The plots of a report as files: SVG with its text as outlines, and PNG for programs without SVG.

The same report gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.report.plots.calibration import draw_calibration
from evaluators.report.plots.effects import draw_effects
from evaluators.report.plots.heat_map import dimensions, draw_heat_map
from evaluators.report.plots.intervals import draw_intervals
from evaluators.report.plots.length import draw_lengths
from evaluators.report.plots.reliability import draw_reliability
from evaluators.report.plots.style import plot_style, svg_and_png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from evaluators.report.data import Report

_LONGEST_SLUG: Final = 40


def render_plots(report: Report) -> dict[str, bytes]:
    """Return every plot that the report has data for: ``NAME.svg`` and ``NAME.png``.

    Names are ``intervals``, ``by-DIMENSION``, ``length``, ``effects``, ``calibration`` and
    ``reliability``; in a dimension's name all but letters and digits become hyphens.
    """
    with plot_style():
        files: dict[str, bytes] = {}
        for name, figure in _figures(report).items():
            if figure is not None:
                files[f"{name}.svg"], files[f"{name}.png"] = svg_and_png(figure)
        return files


def _figures(report: Report) -> dict[str, Figure | None]:
    figures: dict[str, Figure | None] = {"intervals": draw_intervals(report)}
    for dimension in dimensions(report):
        figures[_unused(f"by-{_slug(dimension)}", figures)] = draw_heat_map(report, dimension)
    figures["length"] = draw_lengths(report)
    figures["effects"] = draw_effects(report.effects, report.metric, report.language)
    figures["calibration"] = draw_calibration(report)
    figures["reliability"] = draw_reliability(report)
    return figures


def _slug(name: str) -> str:
    return "".join(char if char.isalnum() else "-" for char in name[:_LONGEST_SLUG])


def _unused(name: str, taken: dict[str, Figure | None]) -> str:
    number = 2
    found = name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found
