"""Requests handed out in blocks, by need."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

from submission.engines.base import Request

SMALLEST = 16


class Blocks:
    """Requests that wait for a worker, those with the longest prompts first.

    A block is half of an equal share of what waits, so that a slow worker takes fewer and all end
    at about the same time (guided self-scheduling, Polychronopoulos and Kuck, 1987). It has
    :data:`SMALLEST` requests at least, because a model computes several for little more than
    one, as long as there are some for every idle worker.
    """

    def __init__(self, requests: Iterable[Request], workers: int) -> None:
        self._waiting = deque(sorted(requests, key=lambda request: -len(request.tokens)))
        self._workers = workers

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, idle: int) -> list[Request]:
        """The next block, for one of ``idle`` workers."""
        half = max(SMALLEST, math.ceil(len(self._waiting) / (2 * self._workers)))
        size = min(half, math.ceil(len(self._waiting) / idle))
        return [self._waiting.popleft() for _ in range(size)]

    def put_back(self, requests: Iterable[Request]) -> None:
        """Let what a worker was asked and has not answered be next."""
        self._waiting.extendleft(requests)
