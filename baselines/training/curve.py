"""A training's course as a table and as a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from baselines.training.evaluations import Evaluated
from baselines.training.loop import Point
from submission.tables.write import Cell, write_csv

TABLE, PICTURE = "loss.csv", "loss.svg"


def write_curve(
    folder: Path, points: Sequence[Point], evaluations: Sequence[Evaluated], score: str
) -> None:
    """Write ``loss.csv`` and ``loss.svg``; ``score`` names the evaluations' figure.

    One line of the table per logged or evaluated step; cells are empty where there is no figure,
    and ``nan`` or ``inf`` where a training diverged.
    """
    logged = {point.step: point for point in points}
    scores = {each.step: each.score for each in evaluations}
    rows: list[list[Cell]] = []
    for step in sorted(logged.keys() | scores.keys()):
        point = logged.get(step)
        figures: list[Cell] = ["", "", "", ""]
        if point is not None:
            figures = [point.epoch, point.loss, point.learning_rate, point.gradient]
        cells = [*figures, scores.get(step, "")]
        rows.append([step, *(in_words(cell) for cell in cells)])
    columns = ["step", "epoch", "loss", "learning_rate", "gradient_norm", "score"]
    write_csv(folder / TABLE, columns, rows, bom=False)
    _draw(folder / PICTURE, points, evaluations, score)


def in_words(cell: Cell) -> Cell:
    """What a table takes for no number, where a training has diverged, as text."""
    return str(cell) if isinstance(cell, float) and not math.isfinite(cell) else cell


def _draw(
    path: Path, points: Sequence[Point], evaluations: Sequence[Evaluated], score: str
) -> None:
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Ids made from the picture's own content, so that equal trainings draw equal files.
    with mpl.rc_context({"svg.hashsalt": "leaderkit", "svg.fonttype": "none"}):
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.add_subplot(xlabel="step", ylabel="loss")
        axes.plot(
            [point.step for point in points],
            [point.loss for point in points],
            color="tab:blue",
            label="loss",
        )
        if evaluations:
            right = axes.twinx()
            right.set_ylabel(score)
            right.plot(
                [each.step for each in evaluations],
                [each.score for each in evaluations],
                color="tab:red",
                marker="o",
                label=score,
            )
        figure.savefig(path, format="svg", metadata={"Date": None})
