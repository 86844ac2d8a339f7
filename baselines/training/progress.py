"""Training's progress in lines on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback


class TellProgress(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Says step, loss and time left, now and then and at the end."""

    def __init__(self, say: Callable[[str], None], every: float = 10.0) -> None:
        self._say = say
        self._every = every
        self._first = 0
        self._started = self._told = 0.0

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Note where and when this process begins."""
        self._first = state.global_step
        self._started = self._told = time.monotonic()

    def on_log(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """A line, where the last one is long enough ago."""
        latest = state.log_history[-1] if state.log_history else {}
        now = time.monotonic()
        last = state.global_step >= state.max_steps or control.should_training_stop
        if "loss" not in latest or (now - self._told < self._every and not last):
            return
        self._told = now
        pace = (now - self._started) / max(1, state.global_step - self._first)
        left = pace * (state.max_steps - state.global_step)
        self._say(
            f"step {state.global_step}/{state.max_steps}, epoch {state.epoch:.1f}, "
            f"loss {latest['loss']:.3f}" + ("" if last else f", {left:.0f} s left")
        )
