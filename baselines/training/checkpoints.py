"""When a training is saved, and how long it has taken."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from baselines.training.workspace import Workspace


class Stopwatch:
    """Adds up the seconds spent in blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._began


class KeepCheckpoints(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Saves every so many seconds, and marks a checkpoint that is written to its end."""

    def __init__(self, every: float, before: float, log_steps: int, pauses: Stopwatch) -> None:
        self._every = every
        self._before = before
        self._pauses = pauses
        self._log_steps = log_steps
        self._started = self._saved = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time so far, that before an interruption included and pauses not."""
        return self._before + time.monotonic() - self._started - self._pauses.seconds

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for a checkpoint when one is due, where a logged interval ends."""
        due = time.monotonic() - self._saved >= self._every
        if due and state.global_step % self._log_steps == 0 and state.global_step < state.max_steps:
            control.should_save = True

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Mark the checkpoint that was just written."""
        self._saved = time.monotonic()
        Workspace(Path(args.output_dir)).mark_whole(state.global_step, self.seconds)
