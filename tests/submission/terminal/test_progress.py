"""One line of how far work is."""

from __future__ import annotations

import re

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
    assert pace.line("7 tokens/s") == "1,020/2,000 rows, 2.0 rows/s, 7 tokens/s, 490 s left"
    pace.done = 2000
    assert pace.line() == "2,000/2,000 rows, 100.0 rows/s"


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
