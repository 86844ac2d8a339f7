"""A job that has to be over in time: cheap rows first, and an end before the end."""

from __future__ import annotations

import math
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from submission.engines.base import Request
from submission.runs.rows import PlannedPart

MARGIN_SECONDS = 10.0
MARGIN_SHARE = 0.05
"""For what follows the last row, the engine's end and that of the process: the smaller of both."""

BLOCKS = 16
FEWEST_IN_BLOCK = 64
"""Rows that an engine gets at once: it orders them, and is fastest with many."""

KEEP_SECONDS = 30.0
KEEP_SHARE = 0.05
"""How often what there is is kept: at most so often, and for at most this share of the time."""


class Deadline:
    """When a job ends, ``seconds`` after it ``began``; None where it may take what it needs.

    ``keep`` keeps what there is of the result, and is called now and then; the time that it takes
    is left at the end. ``ready`` does so for the first time, before anything is begun.
    """

    def __init__(
        self,
        seconds: float | None,
        keep: Callable[[], object] | None = None,
        ready: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
        began: float | None = None,
    ) -> None:
        self._clock = clock
        self._keep = keep
        self._ready = ready
        self._stepped = self._kept = clock()
        began = self._stepped if began is None else began
        margin = 0.0 if seconds is None else min(MARGIN_SECONDS, MARGIN_SHARE * seconds)
        self._ends = math.inf if seconds is None else began + seconds - margin
        self._keeping = 0.0
        self._step = 0.0

    @property
    def limited(self) -> bool:
        """Whether there is an end."""
        return self._ends < math.inf

    @property
    def seconds_left(self) -> float:
        """Time that there is for more rows."""
        return self._ends - 2 * self._keeping - self._clock()

    def keep(self) -> None:
        """Keep what there is now."""
        self._timed(self._keep)

    def ready(self) -> None:
        """The job may be begun: from here on there is something to keep."""
        self._timed(self._ready)

    def _timed(self, keep: Callable[[], object] | None) -> None:
        if keep is None:
            return
        started = self._clock()
        keep()
        self._kept = self._clock()
        self._keeping = max(self._keeping, self._kept - started)
        self._stepped = self._kept

    def start(self) -> None:
        """The first step begins now."""
        self._stepped = self._clock()

    def step(self) -> None:
        """A step of the engine ended; keep what there is if that is due."""
        now = self._clock()
        self._step = max(self._step, now - self._stepped)
        self._stepped = now
        if now - self._kept >= max(KEEP_SECONDS, self._keeping / KEEP_SHARE):
            self.keep()

    def over(self) -> bool:
        """Whether another step as long as the longest so far would end too late."""
        return self.seconds_left <= self._step


def cheapest_first(parts: Iterable[PlannedPart], requests: Mapping[str, Request]) -> list[Request]:
    """The ``requests``, by row key, row after row, so that most rows are answered by any moment.

    Rows whose prompts are short together come first, and each row's first sample before any other.
    """
    rows: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for part in parts:
        if part.key in requests:
            rows[part.sample, part.position].append(part.key)

    def cost(row: tuple[int, int]) -> tuple[int, int]:
        return row[0], sum(len(requests[key].tokens) for key in set(rows[row]))

    ordered = dict.fromkeys(key for row in sorted(rows, key=cost) for key in rows[row])
    return [requests[key] for key in ordered]


def blocks(requests: Sequence[Request]) -> Iterator[Sequence[Request]]:
    """The requests in the order given, so many at once as an engine that orders them may get."""
    size = max(FEWEST_IN_BLOCK, -(-len(requests) // BLOCKS))
    for place in range(0, len(requests), size):
        yield requests[place : place + size]
