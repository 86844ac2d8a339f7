"""Requests on their way: which is sent when, what is asked again, and what ends a row or a run."""

from __future__ import annotations

import heapq
import random
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from queue import Empty, SimpleQueue
from typing import NamedTuple
from uuid import uuid4

from submission.engines.account import Attempt, Ending, Journal, Open, Sent
from submission.engines.base import Failure, Outcome, Request
from submission.engines.openai.budget import Budget, attempt_of
from submission.engines.openai.concurrency import Concurrency
from submission.engines.openai.reply import PERHAPS_CHARGED, UNSEEN, Kind, Reply
from submission.errors import InputError, LeaderkitError, Stopped
from submission.recipes.openai import Prices

TRIES = 6
"""How often a row may meet an error of the server's, beside those that ask for fewer requests."""

HOPELESS = 10
"""So many rows in a row that fail by the server mean that it fails."""

BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 16.0
GRACE_S = 10.0
"""How long what is in flight is waited for where a refusal ends the run."""

STEP_S = 1.0
"""The longest that a step takes, whether anything finishes in it or not."""

_BY_SERVER = {Kind.AGAIN, Kind.SLOWER, Kind.GARBLED, Kind.LOST}


class Arrived(NamedTuple):
    """The reply to the attempt ``id``, or what its sender failed with."""

    id: str
    reply: Reply | BaseException


Send = Callable[[str, Request, float], None]
"""Sends a request under an attempt's id, to be answered within so many seconds."""


@dataclass
class _Row:
    request: Request
    attempt: str
    first: float = 0.0
    sent: float = 0.0
    errors: int = 0
    unseen: bool = False


@dataclass(frozen=True)
class Limits:
    """Seconds for one reply and for a row with all its attempts, and the most at a time."""

    timeout: float
    deadline: float
    connections: int


class Dispatch:
    """Sends requests, as many at a time as the server takes, and settles what comes back.

    Only this knows the time and the journal; ``send`` only sends, and what comes back is put into
    ``arrivals``. There are never more requests on the way, or waiting to be asked again, than
    ``limits.connections``; ``pace`` says how many are sent at once. ``money`` is what the replies
    have cost, as far as that is known.
    """

    def __init__(
        self,
        send: Send,
        arrivals: SimpleQueue[Arrived],
        limits: Limits,
        pace: Concurrency,
        *,
        journal: Journal,
        budget: Budget,
        prices: Prices | None,
        bound: Callable[[Request], float | None],
    ) -> None:
        self._send = send
        self._arrivals = arrivals
        self._limits = limits
        self._journal = journal
        self._budget = budget
        self._prices = prices
        self._bound = bound
        self._pace = pace
        self._flying: dict[str, _Row] = {}
        self._again: list[tuple[float, int, _Row]] = []
        self._order = count()
        self._rest: Iterator[_Row] = iter(())
        self._ahead: _Row | None = None
        self._answered = False
        self._failed_on_end = 0
        self._held_back = False
        self._end: LeaderkitError | None = None
        self.money = 0.0

    @property
    def in_flight(self) -> int:
        """Requests that are on their way."""
        return len(self._flying)

    @property
    def note(self) -> str:
        """What a run's progress tells of it."""
        return f"{self.in_flight} in flight"

    def run(self, requests: Iterable[Request]) -> Generator[Sequence[Outcome], None, None]:
        """How the requests end, as they do.

        Raises :class:`Stopped` for a used-up quota or budget, and for a server that fails row after
        row; :class:`InputError` for a key, a model or an address that it refuses from the start.
        """
        known = self._journal.open()
        self._answered = self._journal.answered()
        self._rest = (_row(each, known.get(each.key)) for each in requests)
        self._ahead = next(self._rest, None)
        while self._ahead is not None or self._again or self._flying:
            self._launch()
            if self._held_back and not self._flying:
                raise self._too_dear()
            # Nothing, too, is a step: whoever waits may have a deadline.
            yield self._settle(self._arrived(self._patience()))
            if self._end is not None:
                yield from self._land()
                raise self._end

    def _launch(self) -> None:
        """Send what may be sent now."""
        now = time.monotonic()
        going: list[_Row] = []
        self._held_back = False
        while now >= self._pace.until and len(self._flying) < self._pace.limit:
            row = self._next(now)
            if row is None:
                break
            if not self._budget.reserve(row.request.key, partial(self._bound, row.request)):
                self._held_back = True
                self._ask_again(now, row)
                break
            row.first = row.first or now
            row.sent = now
            self._flying[row.attempt] = row
            going.append(row)
        if going:
            self._journal.sent(
                [Sent(row.attempt, row.request.key, self._bound(row.request)) for row in going]
            )
        for row in going:
            left = row.first + self._limits.deadline - now
            self._send(row.attempt, row.request, min(self._limits.timeout, left))

    def _next(self, now: float) -> _Row | None:
        """The row to send next: one that is due again, else a new one."""
        if self._again and self._again[0][0] <= now:
            return heapq.heappop(self._again)[2]
        if len(self._flying) + len(self._again) >= self._limits.connections:
            return None
        row, self._ahead = self._ahead, next(self._rest, None)
        return row

    def _ask_again(self, at: float, row: _Row) -> None:
        heapq.heappush(self._again, (at, next(self._order), row))

    def _too_dear(self) -> Stopped:
        budget = self._budget
        return Stopped(
            f"--max-cost: one more request may cost more than is left of {budget.most:g} "
            f"{budget.currency} ({budget.spent:.4f} are spent). Finished rows are kept; the same "
            "command with a higher --max-cost goes on."
        )

    def _arrived(self, within: float | None) -> list[Arrived]:
        """What has come, after waiting that many seconds at most for the first."""
        found: list[Arrived] = []
        try:
            found.append(self._arrivals.get(timeout=within))
            while True:
                found.append(self._arrivals.get_nowait())
        except Empty:
            return found

    def _patience(self) -> float:
        """Seconds until something may be sent, at most :data:`STEP_S`."""
        now = time.monotonic()
        full = len(self._flying) >= self._pace.limit or self._held_back
        if full or (now >= self._pace.until and not self._again):
            return STEP_S
        at = self._pace.until if now < self._pace.until else self._again[0][0]
        return min(max(at - now, 0.0) + 0.001, STEP_S)

    def _settle(self, arrived: Sequence[Arrived]) -> list[Outcome]:
        """What rows ended by these replies; the others are asked again."""
        outcomes: list[Outcome] = []
        ended: list[Attempt] = []
        for identifier, reply in arrived:
            if isinstance(reply, BaseException):
                raise reply
            row = self._flying.pop(identifier)
            attempt = attempt_of(identifier, reply, self._prices, unseen=row.unseen)
            row.unseen = row.unseen or reply.kind in UNSEEN
            self.money += attempt.money or 0.0
            self._budget.settle(
                row.request.key, attempt.money, perhaps=reply.kind in PERHAPS_CHARGED
            )
            outcome = self._outcome(row, reply, attempt)
            if outcome is not None:
                outcomes.append(outcome)
            elif attempt.ending is not Ending.LOST:
                ended.append(attempt)
        if ended:
            self._journal.ended(ended)
        return outcomes

    def _outcome(self, row: _Row, reply: Reply, attempt: Attempt) -> Outcome | None:
        """How the row ended; None where it is asked again, or the run is to end."""
        now = time.monotonic()
        if reply.completion is not None:
            self._pace.replied()
            self._answered = True
            self._failed_on_end = 0
            return replace(reply.completion, attempt=attempt)
        if reply.kind in (Kind.ROW, Kind.USELESS) or (reply.kind is Kind.DENIED and self._answered):
            self._pace.replied()
            return self._failed(row, reply, attempt)
        if reply.kind in (Kind.QUOTA, Kind.REFUSED, Kind.DENIED):
            self._end = self._end or ending(reply, answered=self._answered)
            return None
        if reply.kind is Kind.SLOWER:
            self._pace.refused(row.sent, now, reply.wait)
            if reply.wait is not None and reply.wait > self._limits.deadline:
                self._end = self._end or Stopped(
                    f"The server asks to wait {reply.wait:,.0f} s ({reply.problem}). Finished rows "
                    "are kept; the same command resumes."
                )
                return None
        else:
            row.errors += 1
        pause = self._pause(row, reply)
        late = max(now + pause, self._pace.until) - row.first > self._limits.deadline
        if self._end is not None:
            return None
        if row.errors >= TRIES or late:
            return self._failed(row, reply, attempt)
        if attempt.ending is not Ending.LOST:
            # The server has ended that one, and may say the same again to its id. But where a
            # reply was lost, the work may be done under the id, and is not asked for twice.
            row.attempt, row.unseen = new_id(), False
        self._ask_again(now + pause, row)
        return None

    def _pause(self, row: _Row, reply: Reply) -> float:
        if reply.wait is not None:
            return reply.wait
        if reply.kind is Kind.SLOWER:
            return 0.0
        return backoff(row.errors)

    def _failed(self, row: _Row, reply: Reply, attempt: Attempt) -> Failure:
        # Where rows have been answered, a refused row is one of its own.
        self._failed_on_end += reply.kind in _BY_SERVER or not self._answered
        if self._failed_on_end >= HOPELESS:
            kept = "Finished rows are kept; the same command resumes."
            self._end = self._end or Stopped(
                f"{self._failed_on_end} requests in a row failed, the last with: {reply.problem}. "
                f"{kept}"
            )
        return Failure(row.request.key, reply.problem, attempt)

    def _land(self) -> Iterator[Sequence[Outcome]]:
        """What is still in flight and arrives in time; it is paid for."""
        last = time.monotonic() + GRACE_S
        while self._flying and (left := last - time.monotonic()) > 0:
            yield self._settle(self._arrived(min(left, STEP_S)))


def _row(request: Request, known: Open | None) -> _Row:
    """A request under a new id, or under that of an attempt whose reply nobody saw."""
    return _Row(request, known.id if known else new_id(), unseen=known is not None)


def ending(reply: Reply, *, answered: bool) -> LeaderkitError:
    """What ends a run with a reply that every request would get; rows may be ``answered``."""
    if reply.kind is Kind.QUOTA:
        return Stopped(
            f"{reply.problem}. Finished rows are kept; add to the quota, and the same command "
            "resumes."
        )
    if answered:
        return Stopped(f"{reply.problem}. Finished rows are kept; the same command resumes.")
    return InputError(f"{reply.problem}.")


def backoff(errors: int) -> float:
    """Seconds to wait after so many errors of the server's."""
    pause = min(BACKOFF_S * 2.0 ** (errors - 1), LONGEST_BACKOFF_S)
    return pause * random.uniform(0.75, 1.0)  # noqa: S311 -- only spreads the load


def new_id() -> str:
    """An id that no other attempt or batch has."""
    return f"leaderkit-{uuid4().hex}"
