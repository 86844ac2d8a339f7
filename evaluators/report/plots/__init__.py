"""Plots of a report, as files: SVG for documents, PNG for chats."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from evaluators.report.plots import calibration, effects, groups, lengths, scores
from evaluators.report.plots.style import files, look

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.report.data import Effect, Language, Report


def render_plots(report: Report) -> dict[str, bytes]:
    """Return the files of every plot that the report has numbers for, by name.

    ``scores``, ``by-DIMENSION`` for each that rows are grouped by, ``lengths``, ``effects`` and
    ``calibration``, each as ``.svg`` and ``.png``. The same report gives the same bytes.
    """
    with look():
        drawn = {
            "scores": scores.draw(report),
            **{f"by-{_file_name(name)}": each for name, each in groups.draw(report).items()},
            "lengths": lengths.draw(report),
            "effects": effects.draw(report.effects, report.language),
            "calibration": calibration.draw(report),
        }
        found: dict[str, bytes] = {}
        for name, each in drawn.items():
            if each is not None:
                found |= files(name, each)
    return found


def render_effects(found: Sequence[Effect], language: Language = "ko") -> dict[str, bytes]:
    """Return the files of the plot of an ablation's effects; none where nothing was varied."""
    with look():
        drawn = effects.draw(found, language)
        return {} if drawn is None else files("effects", drawn)


def _file_name(dimension: str) -> str:
    return re.sub(r"[^\w-]+", "-", dimension).strip("-") or "group"
