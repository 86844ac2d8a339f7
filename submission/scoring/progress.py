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
from submission.terminal.output import console, say

PATIENCE = 10.0
"""Seconds between lines where there is no terminal; shorter work is not mentioned."""


class _Told:
    """What the metric has said of its progress, in words."""

    def __init__(self, label: str, status: Status | None = None) -> None:
        self._label = label
        self._status = status
        self._begun = (time.monotonic(), 0, "")
        self._done = 0

    def begin(self, total: int, unit: str) -> None:
        """Work begins."""
        self._begun, self._done = (time.monotonic(), total, unit), 0

    def advance(self, count: int) -> None:
        """More is done."""
        self._done += count
        if self._status is not None:
            self._status.update(Text(str(self)))

    def __str__(self) -> str:
        started, total, unit = self._begun
        if not total:
            return self._label
        told = f"{self._label}, {self._done:,}/{total:,} {unit}"
        seconds = time.monotonic() - started
        if not self._done or seconds <= 0:
            return told
        left = seconds / self._done * (total - self._done)
        return f"{told}, {self._done / seconds:.1f} {unit}/s, {left:.0f} s left"


@contextmanager
def working(name: str, rows: int) -> Iterator[None]:
    """Tell that the metric ``name`` scores ``rows`` rows, how far it is, and for how long."""
    label = f"{visible(name)}: {rows:,} rows"
    if sys.stderr.isatty():
        with console(stderr=True).status(Text(label)) as status, listening(_Told(label, status)):
            yield
        return
    started, done, told = time.monotonic(), threading.Event(), _Told(label)

    def tell() -> None:
        while not done.wait(PATIENCE):
            say(f"{told}, {time.monotonic() - started:.0f} s so far")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        with listening(told):
            yield
    finally:
        done.set()
        teller.join()
