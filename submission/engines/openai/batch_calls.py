"""One request after another, each asked again until it is answered, in steps."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from concurrent.futures import wait
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from evaluators.endpoint import Endpoint
from submission.engines.base import Outcome
from submission.engines.openai.concurrency import Concurrency
from submission.engines.openai.dispatch import STEP_S, Limits, backoff, ending
from submission.engines.openai.reply import UNSEEN, Kind, Reply
from submission.engines.openai.sender import within
from submission.errors import Stopped

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal

Answer = TypeVar("Answer")
Steps = Generator[Sequence[Outcome], None, Answer]
"""Steps of an engine, of :data:`STEP_S` at most while nothing finishes, and what comes of them."""

_FINAL = (Kind.ROW, Kind.QUOTA, Kind.REFUSED, Kind.DENIED)


class Calls:
    """Asks a server, with one cool-down for all that is asked."""

    def __init__(self, portal: BlockingPortal, endpoint: Endpoint, limits: Limits) -> None:
        self.endpoint = endpoint
        self.limits = limits
        self._portal = portal
        self._pace = Concurrency(1)

    def ask(
        self, what: Callable[[bool], Awaitable[Answer]], timeout: float
    ) -> Steps[Answer | Reply]:
        """What the server answers to ``what``, or the reply by which it refuses it for good.

        ``what`` is told whether it was asked before without a reply, so that the work may be done.
        Raises :class:`Stopped` where there is no answer within the limits' deadline, and where it
        is refused after a try without a reply.
        """
        first, errors, again = time.monotonic(), 0, False
        while True:
            yield from self.pause(self._pace.until - time.monotonic())
            sent = time.monotonic()
            asked = partial(within, self.endpoint, timeout, partial(what, again))
            future = self._portal.start_task_soon(asked)
            while not wait([future], STEP_S).done:
                yield ()
            found = future.result()
            if not isinstance(found, Reply):
                self._pace.replied()
                return found
            if found.kind in _FINAL:
                if again:
                    # What was asked before may have been done: that is not refused.
                    raise ending(found, answered=True)
                return found
            again = again or found.kind in UNSEEN
            now, pause = time.monotonic(), found.wait or 0.0
            if found.kind is Kind.SLOWER:
                self._pace.refused(sent, now, found.wait)
            else:
                errors += 1
                pause = pause or backoff(errors)
            if max(now + pause, self._pace.until) - first > self.limits.deadline:
                raise Stopped(
                    f"{self.endpoint.address} does not answer ({found.problem}). Finished rows are "
                    "kept; the same command resumes."
                )
            yield from self.pause(pause)

    def pause(self, seconds: float) -> Steps[None]:
        """Let so many seconds pass."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            yield ()
            time.sleep(min(left, STEP_S))
