"""Which requests are asked again after the engine died, and which of them ends it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from submission.engines.base import Outcome, Request

RESTARTS = 3
"""Two deaths may be chance; the third is that of a request alone, and one more start is needed to
answer the rest without it."""


class Recovery:
    """The requests of a job that have no outcome yet.

    After a death all are asked again. What was running at two deaths is asked one by one after the
    others, so that the request that ends the engine is known when it does so alone.
    """

    def __init__(self, requests: Iterable[Request]) -> None:
        self._left = {request.key: request for request in requests}
        self._running: set[str] | None = None
        self._suspects: set[str] = set()
        self._asked: Sequence[Request] = ()
        self.deaths = 0

    def add(self, requests: Sequence[Request]) -> None:
        """More requests, asked now beside what :meth:`next` gave."""
        self._left |= {request.key: request for request in requests}
        self._asked = [*self._asked, *requests]

    def next(self) -> Sequence[Request]:
        """What to ask now, at once; nothing where all have an outcome."""
        trusted = [each for each in self._left.values() if each.key not in self._suspects]
        self._asked = trusted or list(self._left.values())[:1]
        return self._asked

    def ended(self, outcomes: Iterable[Outcome]) -> None:
        """Note what need not be asked again."""
        for each in outcomes:
            self._left.pop(each.key, None)

    def died(self, running: Iterable[str]) -> Request | None:
        """Note a death while these were ``running``; the request that has caused it, if known."""
        self.deaths += 1
        present = set(running) & self._left.keys()
        if self._running is None:
            self._running = present
            return None
        if len(self._asked) == 1:
            (culprit,) = self._asked
            return self._left.pop(culprit.key, None)
        self._suspects |= (self._running & present) or present
        self._running = present
        return None
