"""What is said while a metric works."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from evaluators import Cosine, Example, OfflineEncoder
from evaluators.base import Metric
from evaluators.progress import advance, begin, listening
from submission.scoring.progress import show_progress
from submission.terminal import progress


class Heard:
    def __init__(self) -> None:
        self.begun: list[tuple[int, str]] = []
        self.counts: list[int] = []

    def begin(self, total: int, unit: str) -> None:
        self.begun.append((total, unit))

    def advance(self, count: int) -> None:
        self.counts.append(count)


def heard(metric: Metric, examples: Sequence[Example]) -> tuple[int, int, str]:
    """What is counted up to, what was announced, and in what unit."""
    ear = Heard()
    with listening(ear):
        metric.rows(examples)
    ((total, unit),) = ear.begun
    return sum(ear.counts), total, unit


def rows(count: int) -> list[Example]:
    # Every third text is one that came before.
    return [Example(str(n), f"가나 {n % 3}", (f"다라 {n % 2}", "마")) for n in range(count)]


def test_cosine_counts_its_rows() -> None:
    assert heard(Cosine(OfflineEncoder(8)), rows(3000)) == (3000, 3000, "rows")


def test_where_nobody_listens_nothing_happens() -> None:
    begin(3, "rows")
    advance(1)


def test_long_work_is_told_with_its_rate_and_the_time_left(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    with show_progress("comet", 7):
        begin(40, "texts")
        advance(10)
        time.sleep(0.2)
    said = capsys.readouterr().err
    assert "comet: 7 rows, 10/40 texts, " in said
    assert " texts/s, " in said
    assert " s left, " in said
    assert said.endswith("so far\n")


def test_work_that_says_nothing_of_its_progress_is_told_by_its_time(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    with show_progress("em", 7):
        time.sleep(0.12)
    assert capsys.readouterr().err.startswith("em: 7 rows, 0 s so far\n")


def test_short_work_is_not_mentioned(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("em", 7):
        begin(7, "rows")
        advance(7)
    assert capsys.readouterr().err == ""
