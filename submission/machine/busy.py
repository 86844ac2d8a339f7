"""How busy other work keeps the processors."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

LEAST_SECONDS = 0.25
"""Below this a reading, in hundredths of a second, says little."""

_STAT = Path("/proc/stat")
Times = dict[int, float]
"""Seconds that each processor has worked since the machine was started."""


def busy_times(stat: str) -> Times:
    """What Linux's ``/proc/stat`` says; waiting for a disk is not work."""
    ticks = os.sysconf("SC_CLK_TCK")
    found = {}
    for line in stat.splitlines():
        name, *fields = line.split()
        if name.startswith("cpu") and name[3:].isdigit():
            user, nice, system, _idle, _wait, *interrupts = map(int, fields[:8])
            found[int(name[3:])] = (user + nice + system + sum(interrupts)) / ticks
    return found


class OtherWork:
    """Watches from when it is made; what this process and its children use is not other work."""

    def __init__(self, read: Callable[[], str] = lambda: _STAT.read_text("ascii")) -> None:
        self._read = read
        self._began = time.monotonic()
        self._own = _own_seconds()
        self._times = self._look()

    def idle(self, processors: Sequence[int]) -> list[int]:
        """Those of ``processors`` that other work leaves free, one at least, the idlest first.

        All of them, in their order, where nothing is known or nothing else runs. Their number
        follows from the whole time of watching, which of them from a moment in which this process
        waits.
        """
        time.sleep(max(0.0, LEAST_SECONDS - (time.monotonic() - self._began)))
        seconds = time.monotonic() - self._began
        others = self._since(self._times, processors) - (_own_seconds() - self._own)
        taken = round(others / seconds)
        if taken < 1:
            return list(processors)
        before = self._look()
        time.sleep(LEAST_SECONDS)
        now = self._look()
        ranked = sorted(processors, key=lambda each: now.get(each, 0.0) - before.get(each, 0.0))
        return ranked[: max(1, len(ranked) - taken)]

    def _since(self, before: Times, processors: Collection[int]) -> float:
        now = self._look()
        return sum(now[each] - before[each] for each in processors if each in before)

    def _look(self) -> Times:
        try:
            return busy_times(self._read())
        except (OSError, ValueError):
            return {}


def _own_seconds() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system
