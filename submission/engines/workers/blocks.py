"""Requests handed out in blocks, by need."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from submission.engines.base import Request

SMALLEST = 16


class Blocks:
    """Requests that wait for a worker, those with the longest prompts first.

    An engine that takes more while it runs gets what it has room for, and no more than an equal
    share, so that it runs full until nothing waits. Any other gets half of that share, so that
    a slow worker takes fewer and all end at about the same time (guided self-scheduling,
    Polychronopoulos and Kuck, 1987). That has :data:`SMALLEST` requests at least, because a model
    computes several for little more than one, as long as there are some for every idle worker.
    """

    def __init__(self, requests: Iterable[Request], workers: int) -> None:
        self._waiting = deque(sorted(requests, key=lambda request: -len(request.tokens)))
        self._workers = workers

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, sharing: int, room: int | None = None) -> list[Request]:
        """The next block, for one of the ``sharing`` workers who are to be given one.

        Its engine has ``room`` for so many; None where it takes none while it runs.
        """
        waiting = len(self._waiting)
        if room is None:
            room = max(SMALLEST, math.ceil(waiting / (2 * self._workers)))
        size = min(room, math.ceil(waiting / sharing))
        return [self._waiting.popleft() for _ in range(size)]

    def put_back(self, requests: Iterable[Request]) -> None:
        """Let what a worker was asked and has not answered be next."""
        self._waiting.extendleft(requests)
