"""How busy the processors are, from ``/proc/stat`` as Linux writes it (proc(5))."""

from __future__ import annotations

import os
import time

import pytest

from submission.machine import busy
from submission.machine.busy import OtherWork, busy_times

TICKS = os.sysconf("SC_CLK_TCK")
LINE = "cpu{} {} 0 {} 900 50 0 0 0 0 0\n"


def stat(*seconds: float) -> str:
    """``/proc/stat`` where each processor has worked so long, half of it for the system."""
    half = [int(each * TICKS / 2) for each in seconds]
    each = "".join(LINE.format(number, used, used) for number, used in enumerate(half))
    return f"cpu  1 2 3 4 5 6 7 8 9 10\n{each}intr 100 0 0\nctxt 12345\n"


def test_work_is_all_but_idling_and_waiting_for_a_disk() -> None:
    assert busy_times(stat(1.0, 2.5)) == {0: 1.0, 1: 2.5}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Time that passes while somebody sleeps."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    monkeypatch.setattr(busy, "_own_seconds", lambda: 0.0)
    return now


@pytest.mark.parametrize(
    ("loads", "idle"),
    [
        ((0.0, 0.0, 0.0, 0.0), [0, 1, 2, 3]),
        ((0.1, 0.1, 0.1, 0.1), [0, 1, 2, 3]),
        ((1.0, 0.0, 0.9, 0.0), [1, 3]),
        ((1.0, 1.0, 1.0, 1.0), [0]),
    ],
)
def test_as_many_processors_are_left_out_as_other_work_takes(
    clock: list[float], loads: tuple[float, ...], idle: list[int]
) -> None:
    work = OtherWork(lambda: stat(*(clock[0] * load for load in loads)))
    clock[0] += 10
    assert work.idle([0, 1, 2, 3]) == idle


def test_where_nothing_is_known_all_are_taken() -> None:
    def missing() -> str:
        raise FileNotFoundError

    assert OtherWork(missing).idle([4, 2]) == [4, 2]


def test_what_this_process_does_is_not_other_work(monkeypatch: pytest.MonkeyPatch) -> None:
    used = [0.0]
    monkeypatch.setattr(busy, "_own_seconds", lambda: used[0])
    began = time.monotonic()
    work = OtherWork(lambda: stat(time.monotonic() - began, 0.0))
    time.sleep(0.3)
    used[0] = 0.3
    assert work.idle([0, 1]) == [0, 1]
