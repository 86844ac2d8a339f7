"""Which requests are asked again after deaths, and how a wait without an end is noticed."""

from __future__ import annotations

import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from submission.engines.base import Completion, Finish, Request
from submission.engines.vllm.recovery import RESTARTS, Recovery
from submission.engines.vllm.watchdog import Watchdog
from submission.records.rows import Question


def request(key: str) -> Request:
    return Request(key, Question(key, "", "", {}), "", (1,))


def done(key: str) -> Completion:
    return Completion(key, "답", Finish.STOP)


@given(
    rows=st.integers(1, 40), batch=st.integers(1, 8), deadly=st.integers(0, 39), late=st.booleans()
)
def test_a_deadly_request_is_found_within_the_restarts(
    rows: int, batch: int, deadly: int, late: bool
) -> None:
    """A simulated engine: it takes ``batch`` requests at a time, and dies of one."""
    requests = [request(str(number)) for number in range(rows)]
    recovery, answered, failed = Recovery(requests), [], []
    while group := recovery.next():
        waiting = [request.key for request in group]
        while waiting:
            running = waiting[:batch]
            if str(deadly) in running:
                if late and running[0] != str(deadly):
                    recovery.ended([done(running[0])])
                    answered.append(running[0])
                culprit = recovery.died(running)
                if culprit is not None:
                    failed.append(culprit.key)
                break
            recovery.ended([done(running[0])])
            answered.append(running[0])
            waiting = waiting[1:]
    assert recovery.deaths <= RESTARTS
    assert failed == ([str(deadly)] if deadly < rows else [])
    assert sorted(answered + failed, key=int) == [str(number) for number in range(rows)]
    assert len(set(answered)) == len(answered)


def test_a_death_by_chance_blames_no_request() -> None:
    recovery = Recovery([request("a"), request("b")])
    recovery.next()
    recovery.ended([done("a")])
    assert recovery.died(["b"]) is None
    assert [request.key for request in recovery.next()] == ["b"]
    recovery.ended([done("b")])
    assert not recovery.next()


def test_a_request_that_comes_later_is_asked_again_too() -> None:
    recovery = Recovery([request("a")])
    recovery.next()
    recovery.add([request("b")])
    recovery.ended([done("a")])
    assert recovery.died(["b"]) is None
    assert [request.key for request in recovery.next()] == ["b"]


def test_work_that_goes_on_is_left_alone() -> None:
    ended = threading.Event()
    began = time.monotonic()
    with Watchdog(0.2, lambda: time.monotonic() // 0.05, ended.set) as watchdog:
        time.sleep(0.6)
    assert not watchdog.expired
    assert not ended.is_set()
    assert time.monotonic() - began < 5


def test_a_wait_without_progress_is_ended_from_outside() -> None:
    ended = threading.Event()
    with Watchdog(0.2, lambda: (3, 40), ended.set) as watchdog:
        assert ended.wait(5)
        assert watchdog.expired
