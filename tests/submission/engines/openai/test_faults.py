"""Whatever server and network do: the ledger is right to the row, the account to the token.

Every fault meets one row of a run, at its first request or at all of them; then the same command is
run again against a server that behaves.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from typing import NamedTuple

import pytest

from submission.engines.openai.dispatch import HOPELESS, TRIES
from tests.submission.engines.openai.conftest import Generate, account, kept, questions, same
from tests.submission.engines.openai.openai_server import (
    FINE,
    Fault,
    Log,
    Plan,
    answer,
    openai_server,
    refused,
)

ROWS = 12
BROKEN = "T_05"
ASKED = questions(ROWS)
ANSWERS = {row: answer(text) for row, text in ASKED.items()}


def when(faults: Sequence[Fault], row: str = BROKEN) -> Plan:
    """These faults for the first requests of one row; the last one stays where it is named so."""
    text = ASKED[row]
    return lambda prompt, before: (
        faults[before] if prompt == text and before < len(faults) else FINE
    )


def check(log: Log, missing: Sequence[str] = ()) -> None:
    """The ledger has every other row, once, and the account is what the server charged."""
    assert kept() == {row: text for row, text in ANSWERS.items() if row not in missing}
    with closing(sqlite3.connect("ledger.db")) as database:
        keys = database.execute("SELECT row_key FROM completion").fetchall()
        assert len(keys) == len(set(keys)) == ROWS - len(missing)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert same(account(), log.charges)


HTML = b"<html>502 Bad Gateway</html>"
NO_CHOICE = json.dumps({"choices": [], "object": "chat.completion"}).encode()
FAULTS = {
    "429": [refused(429)],
    "429 with Retry-After": [refused(429, retry_after="0.1")],
    "429 with Retry-After in milliseconds": [refused(429, retry_after_ms="50")],
    "429 with a date": [refused(429, retry_after="Mon, 01 Jan 2001 00:00:00 GMT")],
    "429 with nonsense": [refused(429, retry_after="soon")],
    "429 often": [refused(429)] * (TRIES + 2),
    "408": [refused(408)],
    "409": [refused(409)],
    "500": [refused(500)],
    "500 and 502": [refused(500), refused(502)],
    "503 with Retry-After": [refused(503, retry_after="0.1")],
    "529": [refused(529)],
    "hangs before it works": [Fault(works=False, hang=True)],
    "hangs after it worked": [Fault(hang=True)],
    "drips": [Fault(drip=0.02)],
    "resets before it works": [Fault(works=False, reset=True)],
    "resets after it worked": [Fault(reset=True)],
    "resets again and again": [Fault(reset=True)] * (TRIES - 1),
    "cut body": [Fault(cut=True)],
    "not JSON": [Fault(body=HTML)],
    "not JSON and no work": [Fault(works=False, body=HTML)],
    "empty body": [Fault(body=b"")],
    "no choice": [Fault(body=NO_CHOICE)],
    "an error with status 200": [Fault(works=False, body=b'{"error": {"message": "busy"}}')],
    "everything": [
        refused(429), Fault(reset=True), refused(500), Fault(body=HTML), Fault(cut=True),
        refused(429, retry_after="0.05"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("faults", FAULTS.values(), ids=FAULTS)
def test_what_passes_is_asked_again_and_paid_once(
    generate: Generate, faults: Sequence[Fault]
) -> None:
    with openai_server(when(faults)) as log:
        report = generate(log.url, rows=ROWS)
        check(log)
        assert report["account"]["replies"] >= ROWS
        assert log.charges.works == ROWS


class Ends(NamedTuple):
    """A row that fails, for what reason, and whether the server charges for it."""

    fault: Fault
    reason: str
    asked: int = 1


FAILURES = {
    "context": Ends(
        refused(400, "context_length_exceeded", "This model's maximum context length is 16."),
        "HTTP 400: This model's maximum context length is 16.",
    ),
    "filtered prompt": Ends(refused(400, "content_filter", "filtered"), "HTTP 400: filtered"),
    "filtered answer": Ends(Fault(finish="content_filter"), "the server's content filter"),
    "tool calls": Ends(Fault(finish="tool_calls"), "the answer ended by 'tool_calls'"),
    "an end of its own": Ends(Fault(finish="abort"), "the answer ended by 'abort'"),
    "paid and empty": Ends(Fault(finish=""), "a reply without a finished answer"),
    "unprocessable": Ends(refused(422), "HTTP 422"),
    "500 for ever": Ends(refused(500), "HTTP 500: no", TRIES),
    "resets for ever": Ends(Fault(works=False, reset=True), "the connection to", TRIES),
    "never JSON": Ends(Fault(works=False, body=HTML), "a reply that is not a completion", TRIES),
}


@pytest.mark.parametrize("case", FAILURES.values(), ids=FAILURES)
def test_a_row_that_fails_is_marked_and_the_others_go_on(generate: Generate, case: Ends) -> None:
    with openai_server(when([case.fault] * case.asked)) as log:
        report = generate(log.url, rows=ROWS, code=3)
        ((reason, count),) = report["failures"].items()
        assert count == 1
        assert case.reason in reason
        assert log.times_asked()[ASKED[BROKEN]] == case.asked
        check(log, missing=[BROKEN])
        # What failed is asked again by the same command, and nothing else is.
        log.bodies.clear()
        assert generate(log.url, rows=ROWS)["failures"] == {}
        assert log.times_asked() == {ASKED[BROKEN]: 1}
        check(log)


def test_a_row_has_a_deadline_with_all_its_attempts(generate: Generate) -> None:
    with openai_server(when([Fault(works=False, hang=True)] * 9)) as log:
        report = generate(log.url, rows=ROWS, code=3, timeout=0.3, deadline=0.8)
        assert sum(report["failures"].values()) == 1
        assert log.times_asked()[ASKED[BROKEN]] in (2, 3)
        check(log, missing=[BROKEN])


def test_a_used_up_quota_ends_the_run_at_once_with_what_to_do(generate: Generate) -> None:
    left = 7
    none = refused(429, "insufficient_quota", "You exceeded your current quota")
    with openai_server(lambda _prompt, _before: FINE if log.charges.works < left else none) as log:
        said = generate(log.url, rows=ROWS, code=3, connections=2)["said"]
        assert "quota is used up" in said
        assert "the same command resumes" in said
        assert len(kept()) == left
        assert len(log.bodies) <= left + 2
        assert same(account(), log.charges)
        left = 100
        generate(log.url, rows=ROWS)
        check(log)


@pytest.mark.parametrize("refusal", [refused(400), refused(403), refused(404)])
def test_rows_that_are_refused_do_not_stop_a_run_that_has_answers(
    generate: Generate, refusal: Fault
) -> None:
    # Between a refusal and the next there is no answer for longer than refusals take.
    bad = {text for number, text in enumerate(questions(60).values()) if number >= 20}
    with openai_server(lambda prompt, _before: refusal if prompt in bad else FINE) as log:
        generate(log.url, "--limit", "20", rows=60)
        report = generate(log.url, rows=60, code=3, connections=4)
        assert (sum(report["failures"].values()), len(kept())) == (40, 20)
        assert same(account(), log.charges)


@pytest.mark.parametrize(("status", "count"), [(400, HOPELESS), (403, 1), (404, 1)])
def test_rows_that_end_a_run_before_any_answer_are_asked_last_by_the_next(
    generate: Generate, status: int, count: int
) -> None:
    bad = [*questions(40).values()][:count]
    with openai_server(lambda prompt, _: refused(status) if prompt in bad else FINE) as log:
        generate(log.url, rows=40, code=(2, 3), connections=1)
        assert kept() == {}
        generate(log.url, rows=40, code=3, connections=1)
        assert len(kept()) == 40 - count


def test_a_server_that_fails_row_after_row_ends_the_run(generate: Generate) -> None:
    with openai_server(lambda _prompt, _before: refused(500, message="down")) as log:
        said = generate(log.url, rows=40, code=3)["said"]
        assert f"{HOPELESS} requests in a row failed, the last with: HTTP 500: down" in said
        assert len(log.bodies) < 40 * TRIES
    assert kept() == {}


def test_a_server_that_asks_to_wait_too_long_ends_the_run(generate: Generate) -> None:
    with openai_server(when([refused(429, retry_after="7200")])) as log:
        said = generate(log.url, rows=ROWS, code=3)["said"]
        assert "asks to wait 7,200 s" in said
        generate(log.url, rows=ROWS)
        check(log)


def test_nothing_is_sent_while_the_server_asks_to_wait(generate: Generate) -> None:
    wait = 0.6
    with openai_server(when([refused(429, retry_after=str(wait))], "T_00"), seconds=0.02) as log:
        generate(log.url, rows=ROWS, connections=3)
        first, rest = log.times[0], log.times[1:]
        # Two more were on their way when the first was refused.
        assert sum(moment - first < wait for moment in rest) <= 2 + 2


def test_a_server_that_cannot_tell_may_charge_twice_and_the_account_says_so(
    generate: Generate,
) -> None:
    with openai_server(when([Fault(reset=True)]), idempotent=False) as log:
        report = generate(log.url, rows=ROWS)
        assert kept() == ANSWERS
        assert log.charges.works == ROWS + 1
        assert report["account"]["uncertain"] == 1
        assert report["account"]["completion_tokens"] < log.charges.completion


def test_a_reply_without_a_count_of_tokens_is_unknown_not_free(generate: Generate) -> None:
    with openai_server(when([replace(FINE, usage=False)])) as log:
        found = generate(log.url, rows=ROWS)["account"]
    assert kept() == ANSWERS
    assert (found["replies"], found["unmetered"], found["unpriced"]) == (ROWS, 1, 1)
