"""How far long work is, in one line: what is done, how fast, and the time left."""

from __future__ import annotations

import time

PATIENCE = 10.0
"""Seconds between lines where there is no terminal; shorter work is not mentioned."""


class Pace:
    """Counts ``unit`` of one piece of work, of which ``done`` were there before."""

    def __init__(self, total: int, unit: str, done: int = 0) -> None:
        self.done = done
        self._total = total
        self._unit = unit
        self._first = done
        self._started = self._told = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether the last line is long enough ago."""
        return time.monotonic() - self._told >= PATIENCE

    def rate(self, count: float) -> float:
        """``count`` per second since the work began."""
        return count / max(time.monotonic() - self._started, 1e-9)

    def line(self, *notes: str) -> str:
        """``12/52 rows, 3.1 rows/s, NOTES, 13 s left``; the rate is that of this process."""
        self._told = time.monotonic()
        parts = [f"{self.done:,}/{self._total:,} {self._unit}"]
        rate = self.rate(self.done - self._first)
        if rate:
            parts.append(f"{rate:.1f} {self._unit}/s")
        parts += notes
        if rate and self.done < self._total:
            parts.append(f"{(self._total - self.done) / rate:.0f} s left")
        return ", ".join(parts)
