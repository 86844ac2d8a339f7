"""How many requests at a time."""

from __future__ import annotations

import pytest

from submission.engines.openai.concurrency import START, Concurrency
from tests.submission.engines.openai.conftest import Generate
from tests.submission.engines.openai.openai_server import FINE, openai_server, refused


def test_it_doubles_after_as_many_replies_as_it_allows_and_no_further_than_the_most() -> None:
    pace = Concurrency(50)
    limits = []
    for _ in range(START + 2 * START + 50):
        pace.replied()
        limits.append(pace.limit)
    assert limits == [20] * 19 + [40] * 40 + [50] * 51


def test_a_burst_of_refusals_is_one_cut() -> None:
    pace = Concurrency(256)
    for _ in range(20):
        pace.refused(sent=1.0, now=2.0, wait=None)
    assert pace.limit == 16
    pace.refused(sent=3.0, now=4.0, wait=None)
    assert pace.limit == 12


def test_it_never_falls_below_one() -> None:
    pace = Concurrency(2)
    for moment in range(10):
        pace.refused(sent=moment, now=moment + 0.5, wait=None)
    assert pace.limit == 1


def test_the_server_says_when_to_go_on_and_the_longest_time_counts() -> None:
    pace = Concurrency(20)
    pace.refused(sent=0.0, now=1.0, wait=9.0)
    pace.refused(sent=0.0, now=1.5, wait=3.0)
    assert pace.until == 10.0


def test_without_a_time_the_pauses_double_until_something_is_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("submission.engines.openai.concurrency.PAUSE_S", 1.0)
    pace = Concurrency(20)
    pauses = []
    for moment in (0.0, 100.0, 200.0):
        pace.refused(sent=moment, now=moment + 1, wait=None)
        pauses.append(pace.until - moment - 1)
    for pause, most in zip(pauses, (1.0, 2.0, 4.0), strict=True):
        assert 0.75 * most <= pause <= most
    pace.replied()
    pace.refused(sent=300.0, now=301.0, wait=None)
    assert pace.until - 301.0 <= 1.0


def test_there_are_never_more_requests_than_connections(generate: Generate) -> None:
    with openai_server(seconds=0.01) as log:
        generate(log.url, rows=60, connections=4)
        assert log.most_at_once == 4


def test_a_run_grows_to_what_the_server_takes(generate: Generate) -> None:
    with openai_server(seconds=0.2) as log:
        generate(log.url, rows=150, timeout=5.0)
        assert START < log.most_at_once <= 80


def test_a_server_that_takes_few_at_a_time_gets_every_row_answered(generate: Generate) -> None:
    most = 6
    with openai_server(
        lambda _prompt, _before: refused(429) if log.at_once > most else FINE, seconds=0.02
    ) as log:
        report = generate(log.url, rows=80)
        assert (report["failures"], report["account"]["replies"]) == ({}, 80)
        assert log.charges.works == 80
