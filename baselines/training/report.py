"""What a training leaves behind about itself."""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Self

from submission.adapters.config import MANIFEST
from submission.errors import Stopped

CURE = "lower training.learning_rate, or use float32"
"""What to do about a loss that becomes NaN, for messages."""


class Report(ABC):
    """One finished training of any kind, each a dataclass; written as ``leaderkit.json``.

    ``diverged_at`` is the step at which the loss became NaN, None where it did not. What was
    written are the weights of ``kept_step``. ``fingerprint`` is equal for trainings that must give
    the same weights.
    """

    what: ClassVar[str]
    recipe: Mapping[str, Any]
    diverged_at: int | None
    kept_step: int
    fingerprint: str

    @abstractmethod
    def summary(self) -> str:
        """The report in a few lines for people."""

    def as_json(self) -> dict[str, Any]:
        """The report as an object for JSON."""
        found: dict[str, Any] = asdict(self)  # type: ignore[call-overload]  # of a subclass
        return found

    def write(self, folder: Path) -> None:
        """Write it into the folder."""
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=2)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The report in ``folder``; None where there is none of this kind."""
        try:
            return cls.of_json(json.loads((folder / MANIFEST).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    @classmethod
    def of_json(cls, found: dict[str, Any]) -> Self:
        """The report of such an object; raises ``KeyError`` or ``TypeError`` for another."""
        return cls(**{field.name: found[field.name] for field in fields(cls)})  # type: ignore[arg-type]

    def refuse_if_diverged(self) -> None:
        """Raise :class:`Stopped` where the training ended because its loss became NaN."""
        if self.diverged_at is not None:
            raise Stopped(
                f"The loss became NaN at step {self.diverged_at}: {CURE}. What was written are the "
                f"weights of step {self.kept_step}, before that."
            )


@dataclass(frozen=True)
class TrainingReport(Report):
    """One finished supervised training; written beside the adapter or the model.

    Losses are means over the first and the last tenth of the logged steps. ``score_base`` is the
    held-out figure before training and ``score`` that of the weights that were kept, which are
    those after ``kept_step``; ``metric`` is its name and None without held-out rows.
    ``resumed_at`` is the step this process began with. ``micro_batch`` is how many sequences were
    computed at once in the end. ``seconds`` are of training without evaluation; memory is the
    highest in bytes.
    """

    what = "training"

    recipe: dict[str, Any]
    method: str
    base: str
    base_sha256: str
    base_quantization: str | None
    data_sha256: str
    seed: int
    samples: int
    too_long: int
    sequences: int
    parameters: int
    trained_parameters: int
    steps: int
    resumed_at: int
    stopped_early: bool
    diverged_at: int | None
    micro_batch: int
    loss_first: float
    loss_last: float
    metric: str | None
    metric_signature: str | None
    score_base: float | None
    score: float | None
    kept_step: int
    seconds: float
    tokens_per_second: float
    peak_memory: int
    peak_gpu_memory: int | None
    fingerprint: str

    def summary(self) -> str:
        """The report in a few lines for people."""
        left_out = f" ({self.too_long} too long)" if self.too_long else ""
        what = "every weight of" if self.method == "full" else f"{self.method} adapter over"
        share = self.trained_parameters / self.parameters
        done = (
            f"{what} {self.base}, {self.samples} samples{left_out}, {self.steps} steps in "
            f"{self.seconds:.0f} s, loss {self.loss_first:.3f} to {self.loss_last:.3f}."
        )
        needed = (
            f"{self.trained_parameters:,} of {self.parameters:,} parameters trained "
            f"({share:.2%}), {self.tokens_per_second:.0f} tokens/s, {self._memory()}."
        )
        lines = [done, needed]
        if self.diverged_at is not None:
            lines.append(f"Ended at step {self.diverged_at}, where the loss became NaN.")
        if self.metric is not None and self.score_base is not None and self.score is not None:
            lines.append(
                f"held out: {self.metric} {self.score_base:.4g} before, {self.score:.4g} after "
                f"step {self.kept_step}, which was kept."
            )
        return "\n".join(lines)

    def _memory(self) -> str:
        gpu = f", {_gib(self.peak_gpu_memory)} GPU" if self.peak_gpu_memory is not None else ""
        return f"at most {_gib(self.peak_memory)} memory{gpu}"


def ends(values: Sequence[float]) -> tuple[float, float]:
    """The means of the first and of the last tenth of what is a number."""
    finite = [value for value in values if math.isfinite(value)]
    tenth = max(1, len(finite) // 10)
    return (
        round(sum(finite[:tenth]) / tenth, 4),
        round(sum(finite[-tenth:]) / tenth, 4),
    )


def _gib(count: int) -> str:
    return f"{count / 2**30:.2f} GiB"
