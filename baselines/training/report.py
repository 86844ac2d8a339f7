"""What a training leaves behind about itself."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Self

from submission.adapters.adapter import MANIFEST
from submission.errors import InputError


@dataclass(frozen=True)
class TrainingReport:
    """One finished training; written as ``leaderkit.json`` beside the adapter.

    Losses are means over the first and the last tenth of the steps. ``fingerprint`` is equal for
    trainings that must give the same adapter; ``resumed_at`` is the step this process began with.
    """

    recipe: dict[str, Any]
    base: str
    base_sha256: str
    base_quantization: str | None
    data_sha256: str
    seed: int
    samples: int
    too_long: int
    steps: int
    resumed_at: int
    loss_first: float
    loss_last: float
    seconds: float
    fingerprint: str

    def as_json(self) -> dict[str, Any]:
        """The report as an object for JSON."""
        return asdict(self)

    def summary(self) -> str:
        """The report in one line for people."""
        left_out = f" ({self.too_long} too long)" if self.too_long else ""
        return (
            f"adapter over {self.base}, {self.samples} samples{left_out}, {self.steps} steps in "
            f"{self.seconds:.0f} s, loss {self.loss_first:.3f} to {self.loss_last:.3f}."
        )

    def write(self, folder: Path) -> None:
        """Write it into the adapter's folder."""
        text = json.dumps(self.as_json(), ensure_ascii=False, indent=2)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The report in ``folder``; None where there is none of this kind."""
        try:
            found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            return cls(**{field.name: found[field.name] for field in fields(cls)})
        except (OSError, ValueError, KeyError, TypeError):
            return None


def loss_ends(losses: Sequence[float]) -> tuple[float, float]:
    """The means of the first and of the last tenth. Raises where training diverged."""
    if not losses or not all(map(math.isfinite, losses)):
        raise InputError("The loss became NaN: lower training.learning_rate, or use float32.")
    tenth = max(1, len(losses) // 10)
    return (
        round(sum(losses[:tenth]) / tenth, 4),
        round(sum(losses[-tenth:]) / tenth, 4),
    )
