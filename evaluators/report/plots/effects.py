"""The effect of each choice of an ablation."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from evaluators.report.plots.style import (
    BLUE,
    FAINT,
    GREY,
    VERMILION,
    list_names,
    new_figure,
    short,
    whiskers,
)
from evaluators.report.wording import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from evaluators.report.data import Effect, Language, ReportMetric


def draw_effects(
    effects: Sequence[Effect], metric: ReportMetric, language: Language
) -> Figure | None:
    """Return the main effects, axis by axis, or None where there are none.

    An interval that excludes 0 has a filled point in blue where the choice helps and in vermilion
    where it harms; the others are grey.
    """
    if not effects:
        return None
    figure = new_figure(1.3 + 0.28 * len(effects))
    axes = figure.add_subplot()
    axes.axvline(0, color=GREY, linewidth=0.9)
    better = 1 if metric.direction == "higher" else -1
    for place, each in enumerate(effects):
        clear = each.low > 0 or each.high < 0
        color = (BLUE if better * each.effect > 0 else VERMILION) if clear else GREY
        whiskers(axes, place, each.effect, each.low, each.high, color)
    list_names(axes, [f"{short(each.axis)}: {short(each.level)}" for each in effects])
    for place, (one, other) in enumerate(pairwise(effects)):
        if one.axis != other.axis:
            axes.axhline(place + 0.5, color=FAINT, linewidth=0.8)
    axes.set_title(say("plot.effects", language))
    axes.set_xlabel(f"{metric.name} · {say('plot.effects_axis', language)}")
    return figure
