"""Training's progress in lines on standard error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback

from submission.terminal.progress import Pace


class TellProgress(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Says steps, loss and time left: after the first step, now and then, and at the end."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._pace: Pace | None = None

    def on_step_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Note where and when this process begins."""
        if self._pace is None:
            self._pace = Pace(state.max_steps, "steps", state.global_step)

    def on_step_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """A line after the first step."""
        if self._pace is not None and not self._pace.done_here:
            self._pace.done = state.global_step
            self._say(self._pace.line())

    def on_log(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """A line, where the last one is long enough ago."""
        latest = state.log_history[-1] if state.log_history else {}
        last = state.global_step >= state.max_steps or control.should_training_stop
        if self._pace is None:
            return
        self._pace.done = state.global_step
        if "loss" in latest and (last or self._pace.due):
            self._say(self._pace.line(f"epoch {state.epoch:.1f}", f"loss {latest['loss']:.3f}"))
