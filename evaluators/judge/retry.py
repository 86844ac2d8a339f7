"""When to ask a server again, and how long to wait before."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from threading import Lock
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from threading import Event

_RANDOM: Final = random.SystemRandom()
_RETRIED: Final = frozenset({408, 409, 425, 429})


@dataclass(frozen=True)
class Patience:
    """How often and how long to try: waits double from ``first_wait_s`` up to ``longest_wait_s``.

    A server that asks for a wait above ``longest_asked_s`` is not waited for.
    """

    retries: int = 5
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    longest_asked_s: float = 120.0

    def wait(self, attempt: int, asked: float | None) -> float | None:
        """Return the seconds before another try after ``attempt`` (from 0), None to give up."""
        if attempt >= self.retries:
            return None
        if asked is not None:
            return asked if asked <= self.longest_asked_s else None
        longest = min(self.first_wait_s * 2.0**attempt, self.longest_wait_s)
        # Spread out, so that requests refused together do not come back together.
        return longest * _RANDOM.uniform(0.75, 1.0)


class Gate:
    """Where all threads wait when a server has asked one of them to."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opens = 0.0

    def close(self, seconds: float) -> None:
        """Keep everybody waiting at least this long from now."""
        with self._lock:
            self._opens = max(self._opens, time.monotonic() + seconds)

    def pass_through(self, stop: Event) -> None:
        """Return once the gate is open, or ``stop`` is set."""
        while (left := self._opens - time.monotonic()) > 0:
            if stop.wait(left):
                return


def worth_retrying(status: int) -> bool:
    """Return whether a status may pass: too busy, timed out, or the server's own fault."""
    return status in _RETRIED or status >= 500


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that ``retry-after-ms`` or ``Retry-After`` (RFC 9110 10.2.3) ask for."""
    for name, per_second in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        value = headers.get(name)
        if value is None:
            continue
        seconds = _number(value)
        if seconds is not None:
            return seconds / per_second
        if name == "retry-after":
            return _until(value)
    return None


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if value >= 0 else None


def _until(date: str) -> float | None:
    try:
        moment = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
    return max(0.0, moment - time.time())
