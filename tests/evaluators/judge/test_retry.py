from __future__ import annotations

import time
from email.utils import formatdate
from threading import Event

import pytest

from evaluators.judge.retry import Gate, Patience, asked_wait, worth_retrying


def test_waits_double_up_to_the_longest_and_end() -> None:
    patience = Patience(retries=4, first_wait_s=1.0, longest_wait_s=3.0)
    waits = [patience.wait(attempt, None) for attempt in range(5)]
    assert 0.75 <= waits[0] <= 1
    assert 1.5 <= waits[1] <= 2
    assert all(2.25 <= wait <= 3 for wait in waits[2:4])
    assert waits[4] is None


def test_what_the_server_asks_for_is_kept_to_within_reason() -> None:
    patience = Patience(longest_asked_s=60)
    assert patience.wait(0, 0.0) == 0.0
    assert patience.wait(0, 60.0) == 60.0
    assert patience.wait(0, 61.0) is None
    assert patience.wait(0, float("inf")) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": formatdate(0, usegmt=True)}, 0.0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert asked_wait(headers) == seconds


def test_retry_after_may_be_a_date() -> None:
    date = formatdate(time.time() + 30, usegmt=True)
    assert asked_wait({"retry-after": date}) == pytest.approx(30, abs=2)


@pytest.mark.parametrize(
    ("status", "again"), [(429, True), (500, True), (503, True), (408, True), (400, False)]
)
def test_only_what_may_pass_is_tried_again(status: int, again: bool) -> None:
    assert worth_retrying(status) is again


def test_a_closed_gate_holds_until_its_time_or_a_stop() -> None:
    gate, stop = Gate(), Event()
    gate.close(0.1)
    gate.close(0.01)  # the longer wait stays
    start = time.monotonic()
    gate.pass_through(stop)
    assert time.monotonic() - start >= 0.09
    gate.close(60)
    stop.set()
    gate.pass_through(stop)
    assert time.monotonic() - start < 30
