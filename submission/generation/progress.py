"""Progress of rows on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from evaluators.text.cells import visible
from submission.terminal.output import console, say

QUIET_SECONDS = 10.0


class RowProgress:
    """Counts rows and tokens of one job: rows/s, tokens/s and time left."""

    def __init__(self, total: int, label: str) -> None:
        self._total = total
        self._label = visible(label)
        self._done = 0
        self._tokens = 0
        self._started = self._told = time.perf_counter()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.completed:.0f}/{task.total:.0f} rows"),
            TextColumn("{task.fields[speed]}"),
            TimeRemainingColumn(),
            console=console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(self._label, total=total, speed="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        self._line()

    def advance(self, rows: int, tokens: int) -> None:
        """So many rows more are finished, with this many new tokens."""
        self._done += rows
        self._tokens += tokens
        self._bar.update(self._task, completed=self._done, speed=self._speed())
        if self._bar.disable and time.perf_counter() - self._told > QUIET_SECONDS:
            self._line()

    def _speed(self) -> str:
        seconds = max(time.perf_counter() - self._started, 1e-9)
        return f"{self._done / seconds:.1f} rows/s, {self._tokens / seconds:.0f} tokens/s"

    def _line(self) -> None:
        if not self._bar.disable:
            return
        self._told = time.perf_counter()
        seconds = self._told - self._started
        left = seconds / self._done * (self._total - self._done) if self._done else 0.0
        remaining = f", {left:.0f} s left" if self._done < self._total else ""
        say(f"{self._label}: {self._done}/{self._total} rows, {self._speed()}{remaining}")
