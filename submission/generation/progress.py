"""Progress of rows on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Self

from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
from rich.text import Text

from evaluators.text.cells import visible
from submission.terminal.output import console, say
from submission.terminal.progress import Pace

TICK_SECONDS = 0.5


class _Line(ProgressColumn):
    """The line as it is when it is shown."""

    def __init__(self, line: Callable[[], str]) -> None:
        super().__init__()
        self._line = line

    def render(self, task: Task) -> Text:  # noqa: ARG002
        return Text(self._line())


class RowProgress:
    """Counts rows and tokens of one job: rows/s, tokens/s and time left.

    ``left`` tells the seconds that remain, where they do not follow from the rows. It is asked in
    threads of their own, so that time goes on where a step takes long.
    """

    def __init__(
        self, total: int, label: str, left: Callable[[], float | None] | None = None
    ) -> None:
        self._label = visible(label)
        self._tokens = 0
        self._pace = Pace(total, "rows", left=left)
        self._left = left
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)
        self._notes: Sequence[str] = ()
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            _Line(self._line),
            refresh_per_second=1 / TICK_SECONDS,
            console=console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(self._label, total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        self._ticker.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._ticker.join()
        self._bar.stop()
        if self._bar.disable:
            self._tell()

    def advance(self, rows: int, tokens: int, notes: Sequence[str] = ()) -> None:
        """So many rows more are finished, with this many new tokens; ``notes`` are the engine's."""
        self._notes = notes
        self._pace.done += rows
        self._tokens += tokens
        self._bar.update(self._task, completed=self._pace.done)

    def _tick(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            if self._left is not None:
                self._left()
            if self._bar.disable and self._pace.due:
                self._tell()

    def _line(self) -> str:
        return self._pace.line(f"{self._pace.rate(self._tokens):.0f} tokens/s", *self._notes)

    def _tell(self) -> None:
        say(f"{self._label}: {self._line()}")
