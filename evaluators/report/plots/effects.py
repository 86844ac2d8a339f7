"""What each choice of an ablation is worth, beside the mean over its axis."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.report.plots.style import COLOURS, FAINT, INCH, MARKERS, figure, list_names
from evaluators.report.plots.words import word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from evaluators.report.data import Effect, Language


def draw(effects: Sequence[Effect], language: Language) -> Figure | None:
    """Return the plot, or None where nothing was varied."""
    if not effects:
        return None
    drawn, axes = figure(7.2, 1.2 + INCH * len(effects))
    axis_places = {axis: n for n, axis in enumerate(dict.fromkeys(each.axis for each in effects))}
    axes.axvline(0, color=FAINT, linewidth=1)
    for place, each in enumerate(effects):
        number = axis_places[each.axis]
        colour = COLOURS[number % len(COLOURS)]
        axes.plot([each.low, each.high], [place, place], color=colour, linewidth=2.4, alpha=0.55)
        axes.plot(each.effect, place, MARKERS[number % len(MARKERS)], color=colour, markersize=6.5)
    list_names(axes, [f"{each.axis} = {each.level}" for each in effects])
    axes.set_xlabel(word("difference", language))
    axes.set_title(word("effects", language))
    return drawn
