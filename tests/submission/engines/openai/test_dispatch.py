"""Requests on their way, without a network: what is in memory, journalled and asked again."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from queue import SimpleQueue

import pytest

from submission.engines.account import Account, Attempt, NoJournal, Open, Sent
from submission.engines.base import Completion, Finish, Request
from submission.engines.openai.budget import Budget
from submission.engines.openai.concurrency import Concurrency
from submission.engines.openai.dispatch import Arrived, Dispatch, Limits
from submission.engines.openai.reply import Kind, Reply
from tests.requests import ask


class Journal(NoJournal):
    """What was journalled, in its order."""

    def __init__(self) -> None:
        self.log: list[tuple[str, str]] = []
        self.known: dict[str, Open] = {}

    def open(self) -> dict[str, Open]:
        return self.known

    def sent(self, attempts: Sequence[Sent]) -> None:
        self.log += [("journal", each.id) for each in attempts]

    def ended(self, attempts: Sequence[Attempt]) -> None:
        self.log += [("ended", each.id) for each in attempts]

    def account(self) -> Account:
        return Account()


def answered(request: Request) -> Reply:
    return Reply(Kind.ANSWERED, Completion(request.key, "답", Finish.STOP))


def dispatch(
    replies: dict[str, list[Reply]], connections: int = 64
) -> tuple[Dispatch, Journal, list[int]]:
    """A dispatch whose server gives these replies to a row first; and how many were in flight."""
    arrivals: SimpleQueue[Arrived] = SimpleQueue()
    journal = Journal()
    flying: list[int] = []

    def send(attempt: str, request: Request, _timeout: float) -> None:
        journal.log.append(("sent", attempt))
        flying.append(made.in_flight)
        rest = replies.get(request.key)
        arrivals.put(Arrived(attempt, rest.pop(0) if rest else answered(request)))

    made = Dispatch(
        send,
        arrivals,
        Limits(5.0, 30.0, connections),
        Concurrency(connections),
        journal=journal,
        budget=Budget(None, 0.0, ""),
        prices=None,
        bound=lambda _: 0.0,
    )
    return made, journal, flying


def test_many_rows_are_never_many_requests() -> None:
    taken = 0

    def requests() -> Iterator[Request]:
        nonlocal taken
        for number in range(5_000):
            taken += 1
            yield ask(str(number), "물음")

    made, _, flying = dispatch({})
    done = 0
    started = time.perf_counter()
    for step in made.run(requests()):
        done += len(step)
        # Rows are taken as they are sent: one is looked at ahead.
        assert taken <= done + 64 + 1
    assert done == 5_000
    assert max(flying) == 64
    assert time.perf_counter() - started < 10


def test_an_attempt_is_in_the_journal_before_it_is_sent() -> None:
    made, journal, _ = dispatch({"3": [Reply(Kind.AGAIN, problem="HTTP 500")]})
    assert sum(map(len, made.run([ask(str(number), "물음") for number in range(9)]))) == 9
    for what, identifier in journal.log:
        if what == "sent":
            before = journal.log[: journal.log.index((what, identifier))]
            assert ("journal", identifier) in before


def sent(journal: Journal) -> list[str]:
    return [identifier for what, identifier in journal.log if what == "sent"]


@pytest.mark.parametrize(
    ("kind", "same"),
    [(Kind.LOST, True), (Kind.GARBLED, True), (Kind.AGAIN, False), (Kind.SLOWER, False)],
)
def test_only_what_may_be_done_already_is_sent_under_its_id_again(kind: Kind, same: bool) -> None:
    made, journal, _ = dispatch({"0": [Reply(kind, problem="so")]})
    assert sum(map(len, made.run([ask("0", "물음")]))) == 1
    first, second = sent(journal)
    assert (first == second) is same
    # An attempt that is over is told so at once; one without a reply stays open.
    assert (("ended", first) in journal.log) is not same


def test_what_was_in_flight_at_a_kill_is_sent_under_its_id() -> None:
    made, journal, _ = dispatch({"0": [Reply(Kind.AGAIN, problem="HTTP 500")]})
    journal.known = {"0": Open("leaderkit-before", in_flight=True)}
    assert sum(map(len, made.run([ask("0", "물음"), ask("1", "물음")]))) == 2
    assert sent(journal).count("leaderkit-before") == 2


def test_a_sender_that_fails_by_itself_ends_the_run() -> None:
    made, _, _ = dispatch({"0": [ZeroDivisionError("no")]})  # type: ignore[list-item]
    with pytest.raises(ZeroDivisionError):
        list(made.run([ask("0", "물음")]))
