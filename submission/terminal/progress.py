"""How far long work is, in one line: what is done, how fast, and the time left."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 10.0
"""Seconds between lines where there is no terminal; shorter work is not mentioned."""


class Pace:
    """Counts ``unit`` of one piece of work, of which ``done`` were there before; how many there are
    in all may not be known.

    ``left`` tells the seconds that remain, where they do not follow from the rate; None where that
    is not known.
    """

    def __init__(
        self,
        total: int | None,
        unit: str,
        done: int = 0,
        left: Callable[[], float | None] | None = None,
    ) -> None:
        self.done = done
        self._seconds_left = left or self._at_this_rate
        self._total = total
        self._unit = unit
        self._first = done
        self._started = self._told = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether there is more to do, and the last line is long enough ago."""
        return self._unfinished and time.monotonic() - self._told >= PATIENCE

    @property
    def _unfinished(self) -> bool:
        return self._total is None or self.done < self._total

    @property
    def done_here(self) -> int:
        """What of it this process has done."""
        return self.done - self._first

    def rate(self, count: float) -> float:
        """``count`` per second since the work began."""
        return count / max(time.monotonic() - self._started, 1e-9)

    def line(self, *notes: str) -> str:
        """``12/52 rows, 3.1 rows/s, NOTES, 13 s left``; the rate is that of this process.

        Below one in a second it is ``31 s/row``.
        """
        self._told = time.monotonic()
        of = "" if self._total is None else f"/{self._total:,}"
        parts = [f"{self.done:,}{of} {self._unit}"]
        rate = self.rate(self.done_here)
        if rate:
            slow = f"{duration(1 / rate)}/{_one(self._unit)}"
            parts.append(f"{rate:.1f} {self._unit}/s" if rate >= 1 else slow)
        parts += notes
        left = self._seconds_left() if self._unfinished else None
        if left is not None:
            parts.append(f"{duration(left)} left")
        return ", ".join(parts)

    def _at_this_rate(self) -> float | None:
        rate = self.rate(self.done_here)
        return (self._total - self.done) / rate if rate and self._total is not None else None


def duration(seconds: float) -> str:
    """``5.2 s``, ``31 s``, ``12 min`` or ``3.4 h``."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes = seconds / 60
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def _one(unit: str) -> str:
    return unit[:-3] + "y" if unit.endswith("ies") else unit.removesuffix("s")
