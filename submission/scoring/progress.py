"""A word on standard error while a metric works: a spinner on a terminal, a line elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.status import Status
from rich.text import Text

from evaluators.progress import listening
from evaluators.text.cells import visible
from submission.terminal import progress
from submission.terminal.output import console, say
from submission.terminal.progress import Pace


class _Told:
    """What the metric has said of its progress, in words."""

    def __init__(self, label: str, status: Status | None = None) -> None:
        self._label = label
        self._status = status
        self._pace: Pace | None = None

    def begin(self, total: int, unit: str) -> None:
        """Work begins."""
        self._pace = Pace(total, unit)

    def advance(self, count: int) -> None:
        """More is done."""
        if self._pace is not None:
            self._pace.done += count
        if self._status is not None:
            self._status.update(Text(str(self)))

    def __str__(self) -> str:
        return self._label if self._pace is None else f"{self._label}, {self._pace.line()}"


@contextmanager
def show_progress(name: str, rows: int) -> Iterator[None]:
    """Tell that the metric ``name`` scores ``rows`` rows, how far it is, and for how long."""
    label = f"{visible(name)}: {rows:,} rows"
    if sys.stderr.isatty():
        with console(stderr=True).status(Text(label)) as status, listening(_Told(label, status)):
            yield
        return
    started, done, told = time.monotonic(), threading.Event(), _Told(label)

    def tell() -> None:
        while not done.wait(progress.PATIENCE):
            say(f"{told}, {time.monotonic() - started:.0f} s so far")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        with listening(told):
            yield
    finally:
        done.set()
        teller.join()
