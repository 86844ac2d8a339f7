"""Progress of rows on standard error: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from typing import Self

from rich.progress import BarColumn, Progress, TextColumn

from evaluators.text.cells import visible
from submission.terminal.output import console, say
from submission.terminal.progress import Pace


class RowProgress:
    """Counts rows and tokens of one job: rows/s, tokens/s and time left."""

    def __init__(self, total: int, label: str) -> None:
        self._label = visible(label)
        self._tokens = 0
        self._pace = Pace(total, "rows")
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TextColumn("{task.fields[line]}"),
            console=console(stderr=True),
            disable=not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(self._label, total=total, line="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()
        if self._bar.disable:
            self._tell()

    def advance(self, rows: int, tokens: int) -> None:
        """So many rows more are finished, with this many new tokens."""
        self._pace.done += rows
        self._tokens += tokens
        if not self._bar.disable:
            self._bar.update(self._task, completed=self._pace.done, line=self._line())
        elif self._pace.due:
            self._tell()

    def _line(self) -> str:
        return self._pace.line(f"{self._pace.rate(self._tokens):.0f} tokens/s")

    def _tell(self) -> None:
        say(f"{self._label}: {self._line()}")
