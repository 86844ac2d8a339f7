"""How many requests at a time, from how the server takes them."""

from __future__ import annotations

import random

START = 20
FEWER = 0.8
PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0


class Concurrency:
    """A limit that doubles while all goes well, and is cut where the server says "too many".

    It begins with :data:`START`. After as many replies as it allows at a time it doubles, up to
    ``most``. A 429 makes it :data:`FEWER` of what it was, but for those that answer what was sent
    before the last cut: a burst is one cut. ``until`` is when anything may be sent again, one
    cool-down for all: what the server asks for, else :data:`PAUSE_S`, doubled from cut to cut.
    Times are those of one clock, in seconds.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.limit = min(START, most)
        self.until = 0.0
        self._well = 0
        self._cuts = 0
        self._last_cut = -1.0

    def replied(self) -> None:
        """A request was answered."""
        self._well += 1
        self._cuts = 0
        if self._well >= self.limit:
            self.limit = min(2 * self.limit, self._most)
            self._well = 0

    def refused(self, sent: float, now: float, wait: float | None) -> None:
        """A request that was sent at ``sent`` was one too many; ``wait`` is what was asked for."""
        if wait is not None:
            self.until = max(self.until, now + wait)
        if sent < self._last_cut:
            return
        if wait is None:
            pause = min(PAUSE_S * 2.0**self._cuts, LONGEST_PAUSE_S)
            # Others that were refused at the same time must not all come back at the same time.
            self.until = max(self.until, now + pause * random.uniform(0.75, 1.0))  # noqa: S311
        self.limit = max(int(self.limit * FEWER), 1)
        self._cuts += 1
        self._well = 0
        self._last_cut = now
