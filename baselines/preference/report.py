"""What preference tuning leaves behind about itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from baselines.training.curve import in_words
from baselines.training.evaluations import Evaluated
from baselines.training.report import Report, ends
from submission.tables import write_csv

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Separation:
    """How far tuning told chosen from rejected answers apart, over ``pairs`` pairs.

    ``loss`` is the DPO loss, ``margin`` the mean difference of the implicit rewards (beta times
    the change of an answer's log-probability), ``accuracy`` the share of pairs where it is
    positive. ``chosen`` and ``rejected`` are mean log-probabilities of the answers in nats,
    ``prefers`` the share of pairs where the chosen answer has the higher one; each before and
    after tuning.
    """

    pairs: int
    too_long: int
    loss: float
    margin: float
    accuracy: float
    chosen_before: float
    rejected_before: float
    prefers_before: float
    chosen: float
    rejected: float
    prefers: float

    @classmethod
    def of(
        cls, log_probs: torch.Tensor, *, beta: float, label_smoothing: float, too_long: int
    ) -> Self:
        """From log-probabilities of shape (pairs, tuned and reference, chosen and rejected)."""
        from torch.nn.functional import logsigmoid

        values = log_probs.double()
        margins = beta * ((values[:, 0, 0] - values[:, 1, 0]) - (values[:, 0, 1] - values[:, 1, 1]))
        loss = -(
            (1 - label_smoothing) * logsigmoid(margins) + label_smoothing * logsigmoid(-margins)
        )
        means = values.mean(dim=0)
        prefers = (values[:, :, 0] > values[:, :, 1]).double().mean(dim=0)
        return cls(
            pairs=len(values),
            too_long=too_long,
            loss=_round(loss.mean()),
            margin=_round(margins.mean()),
            accuracy=_round((margins > 0).double().mean()),
            chosen_before=_round(means[1, 0]),
            rejected_before=_round(means[1, 1]),
            prefers_before=_round(prefers[1]),
            chosen=_round(means[0, 0]),
            rejected=_round(means[0, 1]),
            prefers=_round(prefers[0]),
        )


def _round(value: torch.Tensor) -> float:
    return round(float(value), 4)


@dataclass(frozen=True, slots=True)
class Point:
    """A logged step, as in :class:`Separation`: the loss is a mean over its pairs, the other
    figures are means over its batches.
    """

    step: int
    loss: float
    margin: float
    accuracy: float
    chosen: float
    rejected: float


def write_course(path: Path, points: Sequence[Point], evaluations: Sequence[Evaluated]) -> None:
    """Write the points and the held-out losses as a table, one line per step that has any.

    Cells are empty where there is no figure, and ``nan`` or ``inf`` where tuning diverged.
    """
    columns = [field.name for field in fields(Point)]
    logged = {point.step: astuple(point)[1:] for point in points}
    scores = {each.step: each.score for each in evaluations}
    nothing = ("",) * (len(columns) - 1)
    rows = []
    for step in sorted(logged.keys() | scores.keys()):
        figures = [*logged.get(step, nothing), scores.get(step, "")]
        rows.append([step, *map(in_words, figures)])
    write_csv(path, [*columns, "held_out_loss"], rows, bom=False)


@dataclass(frozen=True)
class Change:
    """Means over the first and over the last tenth of the logged steps that are numbers."""

    first: float
    last: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Self:
        """From all values, in order."""
        return cls(*ends(values))


@dataclass(frozen=True)
class PreferenceReport(Report):
    """One finished tuning; written beside the adapter.

    ``start`` is the adapter that it began with and that was the reference, None for the base
    alone. ``resumed_at`` is the step this process began with. The adapter is that of
    ``kept_step``: with held-out pairs the best, if the recipe keeps it. ``micro_batch`` is how
    many pairs were computed at once in the end.
    """

    what = "tuning"

    recipe: Mapping[str, Any]
    base: str
    base_sha256: str
    base_quantization: str | None
    start: str | None
    start_sha256: str | None
    data_sha256: str
    seed: int
    pairs: int
    too_long: int
    steps: int
    resumed_at: int
    stopped_early: bool
    diverged_at: int | None
    kept_step: int
    micro_batch: int
    loss: Change
    margin: Change
    accuracy: Change
    held_out: Separation | None
    seconds: float
    fingerprint: str

    def summary(self) -> str:
        """The report in lines for people."""
        over = f"{self.base} and {self.start}" if self.start else self.base
        left_out = f" ({self.too_long} too long)" if self.too_long else ""
        line = (
            f"adapter over {over}, {self.pairs} pairs{left_out}, {self.steps} steps in "
            f"{self.seconds:.0f} s, loss {self.loss.first:.3f} to {self.loss.last:.3f}, margin "
            f"{self.margin.first:.3f} to {self.margin.last:.3f}, accuracy "
            f"{self.accuracy.first:.2f} to {self.accuracy.last:.2f}."
        )
        if self.diverged_at is not None:
            line += f"\nEnded at step {self.diverged_at}, where the loss became NaN."
        held_out = self.held_out
        if held_out is not None:
            if self.kept_step != self.steps:
                line += (
                    f"\nThe weights of step {self.kept_step} were kept, the best on the held-out "
                    "pairs."
                )
            line += (
                f"\nHeld out, {held_out.pairs} pairs: loss {held_out.loss:.3f}, margin "
                f"{held_out.margin:.3f}, accuracy {held_out.accuracy:.2f}; the chosen answer is "
                f"the more likely one in {held_out.prefers_before:.0%} before and "
                f"{held_out.prefers:.0%} after (log-probability {held_out.chosen_before:.1f} "
                f"against {held_out.rejected_before:.1f} before, {held_out.chosen:.1f} against "
                f"{held_out.rejected:.1f} after)."
            )
        return line

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> Self:
        """With the figures that are objects of their own."""
        held_out = found["held_out"]
        changes = {name: Change(**found[name]) for name in ("loss", "margin", "accuracy")}
        separation = held_out if held_out is None else Separation(**held_out)
        return super().of_json({**found, **changes, "held_out": separation})
