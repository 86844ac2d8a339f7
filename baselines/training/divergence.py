"""A training whose figures are no longer numbers, ended where that shows."""

from __future__ import annotations

import math
from typing import Any

from transformers import TrainerCallback


class EndWhereItDiverges(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Ends training at the first logged loss or gradient that is NaN or infinite.

    Nothing is tried or saved from there on: whatever was kept before stays. ``step`` is where it
    showed, None while it has not. In float16 a gradient out of range is no sign of it: the step is
    left out, and the loss scaled down.
    """

    def __init__(self) -> None:
        self.step: int | None = None

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        """Look at what was logged."""
        figures = [] if logs is None else [logs.get("loss")]
        if logs is not None and not args.fp16:
            figures.append(logs.get("grad_norm"))
        if all(math.isfinite(float(each)) for each in figures if each is not None):
            return
        self.step = state.global_step
        control.should_training_stop = True
        control.should_evaluate = control.should_save = False


def finite(model: Any) -> bool:
    """Whether every trained weight is a number."""
    return all(bool(each.isfinite().all()) for each in model.parameters() if each.requires_grad)
