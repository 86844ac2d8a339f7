"""One line of how far work is."""

from __future__ import annotations

import re
import threading

import pytest

from submission.generation.progress import RowProgress
from submission.terminal.progress import PATIENCE, Pace


def test_a_line_has_what_is_done_how_fast_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace(2000, "rows", 1000)
    assert pace.line() == "1,000/2,000 rows"
    now = 110.0
    pace.done += 20
    assert pace.line("7 tokens/s") == "1,020/2,000 rows, 2.0 rows/s, 7 tokens/s, 8 min left"
    pace.done = 2000
    assert pace.line() == "2,000/2,000 rows, 100.0 rows/s"


@pytest.mark.parametrize(
    ("unit", "done", "seconds", "said"),
    [
        ("steps", 1, 31.0, "1/4 steps, 31 s/step, 2 min left"),
        ("sequences", 1, 2.0, "1/4 sequences, 2.0 s/sequence, 6.0 s left"),
        ("replies", 2, 400.0, "2/4 replies, 3 min/reply, 7 min left"),
        ("held-out prompts", 3, 3.0, "3/4 held-out prompts, 1.0 held-out prompts/s, 1.0 s left"),
        ("rows", 4, 10.0, "4/4 rows, 2.5 s/row"),
    ],
)
def test_slow_work_is_told_by_the_time_of_one(
    unit: str, done: int, seconds: float, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace(4, unit)
    pace.done, now = done, seconds
    assert pace.line() == said


def test_no_line_is_due_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace(3, "steps")
    now = PATIENCE
    pace.done = 3
    assert not pace.due


def test_a_line_is_due_when_the_last_is_long_enough_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    pace = Pace(3, "steps")
    now = PATIENCE - 1
    early = pace.due
    now = PATIENCE
    late = pace.due
    pace.line()
    assert (early, late, pace.due) == (False, True, False)


def test_without_a_terminal_short_work_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with RowProgress(2, "run") as rows:
        rows.advance(1, 3)
        rows.advance(1, 4)
    said = capsys.readouterr().err
    assert re.fullmatch(r"run: 2/2 rows, [\d.]+ rows/s, \d+ tokens/s\n", said)


def test_time_goes_on_while_no_row_ends(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("submission.generation.progress.TICK_SECONDS", 0.01)
    monkeypatch.setattr("submission.terminal.progress.PATIENCE", 0.05)
    left, enough = iter(range(1000, 0, -1)), threading.Event()

    def seconds() -> float:
        found = next(left)
        if found < 950:
            enough.set()
        return float(found)

    with RowProgress(2, "run", seconds):
        assert enough.wait(10)
    told = [
        int(each) for each in re.findall(r"0/2 rows, .*, (\d+) min left", capsys.readouterr().err)
    ]
    assert len(told) >= 2
