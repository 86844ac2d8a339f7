"""Rows sent as batches: each answered once, paid once and kept, whatever server and network do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import product
from typing import Any

import pytest

from submission.engines.openai import batches as driver
from submission.engines.openai.batch_lines import input_files, read_output
from submission.engines.openai.reply import Kind, Reply
from submission.generation.deadline import FEWEST_IN_BLOCK
from submission.recipes.openai import Batch
from tests.requests import ask
from tests.submission.engines.openai.batch_server import (
    BATCHES,
    CREATE,
    DOWNLOAD,
    FILES,
    LOOK,
    UPLOAD,
    at,
    batch_server,
)
from tests.submission.engines.openai.conftest import (
    KEY,
    Generate,
    account,
    kept,
    money,
    questions,
    same,
)
from tests.submission.engines.openai.openai_server import (
    FINE,
    Fault,
    Log,
    answer,
    refused,
)

ROWS = 12
BROKEN = "T_05"
ASKED = questions(ROWS)
ANSWERS = {row: answer(text) for row, text in ASKED.items()}
HALF = 0.5

Batched = Callable[..., dict[str, Any]]


@pytest.fixture
def batched(generate: Generate) -> Batched:
    """``generate`` with ``[engine.openai.batch]``, whose keys ``table`` has."""

    def call(url: str, *arguments: str, table: str = "", **settings: object) -> dict[str, Any]:
        keys = ", ".join(filter(None, ("poll = 0.02", table)))
        batch = ["--set", f"engine.openai.batch={{{keys}}}"]
        price = ["--set", f"engine.openai.prices.batch={HALF}"]
        return generate(url, *batch, *price, *arguments, **{"rows": ROWS, **settings})

    return call


def check(log: Log, missing: Sequence[str] = ()) -> None:
    """The ledger has every other row, and the account is what the server charged."""
    assert kept() == {row: text for row, text in ANSWERS.items() if row not in missing}
    assert same(account(), log.charges, HALF)


def once(log: Log, files: int = 1) -> None:
    """So many files were uploaded, so many batches begun, and every row was worked on once."""
    assert log.charges.works == ROWS
    assert (log.before[UPLOAD], log.before[CREATE]) == (files, files)


def test_rows_are_sent_as_a_file_and_come_back_as_one(batched: Batched) -> None:
    with batch_server(looks=2) as log:
        report = batched(log.url)
        check(log)
        once(log)
        assert report["account"]["uncertain"] == 0
        assert log.headers == [], "no row was asked by itself"
        said = report["said"]
        assert re.search(r"12 prompts: .* 0\.\d{4} to 0\.\d{4} USD as a batch\.", said)
        assert re.search(r"Batch batch_\d+: 12 prompts are at the server\.", said)
        assert re.search(rf"12/12 rows, .* {HALF * money(log.charges):.4f} USD", said)
        # Nothing is left to be asked for.
        log.forget()
        batched(log.url)
        assert log.before == {}


def test_the_answers_are_those_of_rows_that_are_asked_by_themselves(
    batched: Batched, generate: Generate
) -> None:
    with batch_server() as log:
        batched(log.url, run="batch")
        log.forget()
        # The same row keys: nothing has to be asked.
        assert generate(log.url, rows=ROWS, run="asked")["reused"] == ROWS
        assert generate(log.url, rows=ROWS, run="batch")["reused"] == ROWS
        assert log.charges.works == 0
    assert kept("asked") == kept("batch") == ANSWERS


FAULTS = {
    "429": [refused(429)],
    "429 with Retry-After": [refused(429, retry_after="0.1")],
    "500 and 502": [refused(500), refused(502)],
    "503 with Retry-After": [refused(503, retry_after="0.1")],
    "reset before": [Fault(works=False, reset=True)],
    "reset after": [Fault(reset=True)],
    "cut": [Fault(cut=True)],
    "hangs after": [Fault(hang=True)],
    "not JSON": [Fault(body=b"<html>")],
    "another form": [Fault(body=b'{"error": "busy"}')],
}


FEW = ["429 with Retry-After", "500 and 502", "reset after", "cut", "not JSON"]


@pytest.mark.parametrize(
    ("what", "name"),
    [*product([UPLOAD, CREATE], FAULTS), *product([LOOK, DOWNLOAD], FEW)],
)
def test_what_passes_is_asked_again_and_nothing_is_there_twice(
    batched: Batched, what: str, name: str
) -> None:
    faults = FAULTS[name]
    with batch_server(at(what, *faults)) as log:
        batched(log.url, timeout=0.3)
        check(log)
        assert log.charges.works == ROWS
        if what in (UPLOAD, CREATE):
            lost = sum(fault.works for fault in faults)
            assert log.before[what] - 1 == len(faults) - lost
            assert (log.before[FILES if what == UPLOAD else BATCHES] > 0) == any(
                fault.works or fault.reset for fault in faults
            )


def test_a_server_without_lists_gets_the_file_again(batched: Batched) -> None:
    def plan(what: str, before: int) -> Fault:
        if what == FILES:
            return refused(404)
        return Fault(reset=True) if what == UPLOAD and not before else FINE

    with batch_server(plan) as log:
        batched(log.url)
        check(log)
        assert (log.before[UPLOAD], log.before[CREATE]) == (2, 1)


ROW_FAULTS = {
    "400": (refused(400, message="too long"), "HTTP 400: too long"),
    "500": (refused(500), "HTTP 500: no"),
    "no message": (Fault(status=500, works=False, body=b"oops"), "HTTP 500"),
    "filtered": (Fault(finish="content_filter"), "the server's content filter stopped it"),
    "not a completion": (Fault(works=False, body=b"oops"), "a reply that is not a completion"),
    "the key": (refused(400, message=f"not {KEY}"), "HTTP 400: not [key]"),
}


@pytest.mark.parametrize(("fault", "reason"), ROW_FAULTS.values(), ids=ROW_FAULTS)
def test_a_row_that_fails_is_marked_and_asked_again_in_a_batch_of_its_own(
    batched: Batched, fault: Fault, reason: str
) -> None:
    with batch_server(at(ASKED[BROKEN], fault)) as log:
        report = batched(log.url, code=3)
        assert report["failures"] == {reason: 1}
        check(log, missing=[BROKEN])
        log.bodies.clear()
        batched(log.url)
        assert log.times_asked() == {ASKED[BROKEN]: 1}
        check(log)


@pytest.mark.parametrize("ends", ["expired", "cancelled"])
def test_what_was_answered_of_a_batch_that_did_not_end_is_kept(batched: Batched, ends: str) -> None:
    with batch_server(ends=ends, answers=5) as log:
        report = batched(log.url, code=3)
        assert report["failures"] == {f"batch_{ends}: too late": 7}
        check(log, missing=[*ANSWERS][5:])
        assert report["account"]["uncertain"] == 0
        batched(log.url, code=3)
        batched(log.url)
        check(log)
        assert log.charges.works == ROWS


def test_an_expired_batch_without_a_word_on_the_rest(batched: Batched) -> None:
    def answers_only(data: bytes, _before: int) -> bytes:
        return data if b"choices" in data else b""

    with batch_server(ends="expired", answers=5, written=answers_only) as log:
        report = batched(log.url, code=3)
        assert report["failures"] == {"the batch expired before it was answered": 7}
        check(log, missing=[*ANSWERS][5:])


def test_a_file_that_is_not_whole_yet_is_fetched_again(batched: Batched) -> None:
    def half_at_first(data: bytes, before: int) -> bytes:
        return data if before else data[: len(data) // 2]

    with batch_server(written=half_at_first) as log:
        batched(log.url)
        check(log)
        once(log)
        assert log.before[DOWNLOAD] == 2


def test_rows_that_a_file_lacks_for_good_have_failed_and_may_have_been_charged(
    batched: Batched,
) -> None:
    with batch_server(written=lambda data, _: data[: len(data) // 2]) as log:
        report = batched(log.url, code=3)
        lost = report["failures"]["the files of the batch have no answer to it"]
        assert (len(kept()), report["account"]["uncertain"]) == (ROWS - lost, lost)
        assert 0 < lost < ROWS
        assert log.before[DOWNLOAD] == driver.DOWNLOADS


def test_files_that_are_gone_are_no_answer(batched: Batched) -> None:
    with batch_server(at(DOWNLOAD, *[refused(404)] * driver.DOWNLOADS)) as log:
        report = batched(log.url, code=3)
        assert report["failures"] == {"the files of the batch have no answer to it": ROWS}
        assert report["account"]["uncertain"] == ROWS


def test_lines_that_are_repeated_or_of_no_row_change_nothing(batched: Batched) -> None:
    def more(data: bytes, _before: int) -> bytes:
        lines = data.splitlines()
        foreign = json.loads(lines[0]) | {"custom_id": "no such row"}
        nothing = json.loads(lines[1]) | {"response": None, "error": {"code": "no"}}
        return b"\n".join(
            [json.dumps(nothing).encode(), json.dumps(foreign).encode(), b"", *lines, *lines]
        )

    with batch_server(written=more) as log:
        batched(log.url)
        check(log)
        assert log.before[DOWNLOAD] == 1


def test_a_batch_that_fails_as_a_whole_costs_nothing_and_says_why(batched: Batched) -> None:
    codes = iter(["invalid_json_line"])
    with batch_server(fails=lambda _: next(codes, None)) as log:
        said = batched(log.url, code=3)["said"]
        assert "failed at the server, and cost nothing: invalid_json_line: not this one." in said
        assert (account().replies, account().uncertain, log.charges.works) == (0, 0, 0)
        batched(log.url)
        check(log)
        assert log.charges.works == ROWS


def test_files_keep_to_their_limits_and_wait_where_too_much_is_at_the_server(
    batched: Batched,
) -> None:
    with batch_server() as log:
        batched(log.url, table="max_requests = 5")
        check(log)
        once(log, files=3)

    def full(running: int) -> str | None:
        return "token_limit_exceeded" if running >= 2 else None

    with batch_server(fails=full) as log:
        batched(log.url, "--fresh", table="max_requests = 5")
        check(log)
        assert log.charges.works == ROWS
        assert log.before[CREATE] > 3

    with batch_server(fails=lambda _: "token_limit_exceeded") as log:
        said = batched(log.url, "--fresh", code=3)["said"]
        assert "Set a lower engine.openai.batch.max_requests." in said


@pytest.mark.parametrize(
    ("what", "fault", "told", "code"),
    [
        (UPLOAD, refused(404), "No batch was begun: 127.0.0.1", 2),
        (UPLOAD, refused(413, message="too large"), "No batch was begun: HTTP 413: too large", 2),
        (CREATE, refused(400, message="no such endpoint"), "HTTP 400: no such endpoint", 2),
        (CREATE, refused(429, "insufficient_quota"), "quota is used up", 3),
        (LOOK, refused(401), "refuses the key: set OPENAI_API_KEY (HTTP 401)", 3),
        (DOWNLOAD, refused(403), "does not permit this", 3),
    ],
)
def test_what_the_server_refuses_is_told_and_the_same_command_goes_on(
    batched: Batched, what: str, fault: Fault, told: str, code: int
) -> None:
    with batch_server(at(what, fault)) as log:
        said = batched(log.url, code=code)["said"]
        assert told in said
        assert ("Left at the server, which goes on: batch_" in said) == (what in (LOOK, DOWNLOAD))
        batched(log.url)
        check(log)
        assert log.charges.works == ROWS


def test_a_server_that_does_not_answer_ends_the_wait_and_not_the_batch(batched: Batched) -> None:
    with batch_server(at(LOOK, *[refused(500)] * 100)) as log:
        said = batched(log.url, code=3, deadline=0.1)["said"]
        assert "does not answer (HTTP 500: no)" in said
        assert re.search(r"Left at the server, which goes on: batch_\d+\.", said)
    assert account().uncertain == ROWS


def test_time_that_is_over_leaves_the_batch_at_the_server(batched: Batched) -> None:
    ready = False
    with batch_server(ready=lambda: ready) as log:
        said = batched(log.url, "--time-limit", "2s", code=3)["said"]
        assert re.search(r"Left at the server, which goes on: batch_\d+\.", said)
        assert "time is over, 12 prompts are not answered" in said
        assert re.search(r"0/12 rows, .*in progress, \d+ of 12 done", said)
        ready = True
        said = batched(log.url)["said"]
        assert re.search(r"12 prompts are in batch batch_\d+ at the server\.", said)
        check(log)
        once(log)


def test_a_time_limit_splits_no_batch(batched: Batched) -> None:
    rows = 2 * FEWEST_IN_BLOCK
    with batch_server() as log:
        batched(log.url, "--time-limit", "60s", rows=rows)
        assert log.charges.works == len(kept()) == rows
        assert log.before[CREATE] == 1


def test_rows_that_are_in_a_batch_are_not_asked_a_second_time(
    batched: Batched, generate: Generate
) -> None:
    ready = False
    price = ["--set", f"engine.openai.prices.batch={HALF}"]
    with batch_server(ready=lambda: ready) as log:
        batched(log.url, "--time-limit", "1s", code=3)
        ready = True
        # Fewer rows, and by themselves: what is in the batch is waited for.
        generate(log.url, *price, "--limit", "4", rows=ROWS)
        assert len(kept()) == 4
        generate(log.url, *price, rows=ROWS)
        assert log.headers == []
        check(log)
        once(log)


def test_another_run_goes_by_itself(batched: Batched) -> None:
    with batch_server() as log:
        batched(log.url, "--limit", "4")
        batched(log.url)
        check(log)
        assert log.charges.works == ROWS
        assert log.before[CREATE] == 2


def test_max_cost_bounds_a_batch_before_it_is_uploaded(batched: Batched) -> None:
    with batch_server() as log:
        most = "0.0002"
        said = batched(log.url, "--max-cost", most, code=3)["said"]
        assert "--max-cost: a batch of 12 prompts may cost up to" in said
        assert log.before[UPLOAD] == 0
        # Smaller files go as far as it reaches.
        said = batched(log.url, "--max-cost", most, code=3, table="max_requests = 1")["said"]
        assert "--max-cost: a batch of 1 prompts may cost up to" in said
        assert 0 < HALF * money(log.charges) <= float(most)
        assert 0 < len(kept()) < ROWS
        batched(log.url, "--max-cost", "1")
        check(log)
        assert log.charges.works == ROWS


def test_a_plan_tells_what_a_batch_costs(batched: Batched, generate: Generate) -> None:
    with batch_server() as log:
        found = batched(log.url, "--plan")["estimate"]
        one_by_one = generate(log.url, "--plan", rows=ROWS)["estimate"]
        assert log.before == {}
    assert (found["batched"], one_by_one["batched"]) == (True, False)
    assert found["most"] == pytest.approx(HALF * one_by_one["most"])
    assert found["input_tokens"] == one_by_one["input_tokens"]


def test_a_batch_needs_its_price(generate: Generate) -> None:
    said = generate("http://127.0.0.1:9/v1", "--set", "engine.openai.batch={}", code=2)["said"]
    assert "engine.openai.prices.batch" in said
    assert "such as 0.5" in said


def test_a_probe_says_nothing_of_a_batch(batched: Batched) -> None:
    said = batched("http://127.0.0.1:9/v1", "--probe", "3", code=2)["said"]
    assert "--probe cannot be combined with engine.openai.batch" in said


def test_files_are_as_large_as_they_may_be_and_no_larger() -> None:
    requests = [ask(str(number), "물음") for number in range(10)]

    def split(**limits: Any) -> list[list[str]]:
        body: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "물음"}]}
        files = [*input_files(requests, lambda _: body, "/v1/chat/completions", Batch(**limits))]
        for file in files:
            lines = [json.loads(line) for line in file.data.splitlines()]
            assert [line["custom_id"] for line in lines] == [*file.rows]
            assert all(line["body"] == body and line["method"] == "POST" for line in lines)
        sizes.append([len(file.data) for file in files])
        return [[*file.rows] for file in files]

    sizes: list[list[int]] = []
    keys = [str(number) for number in range(10)]
    assert split() == [keys]
    assert split(max_requests=4) == [keys[:4], keys[4:8], keys[8:]]
    ((whole,), *_) = sizes
    assert split(max_bytes=whole) == [keys]
    assert split(max_bytes=whole // 2) == [keys[:5], keys[5:]]
    assert split(max_bytes=whole // 2 - 1) == [keys[:4], keys[4:8], keys[8:]]
    # A row that is larger than a file may be is sent, and refused by the server alone.
    assert split(max_bytes=1) == [[key] for key in keys]


def test_an_answer_counts_more_than_what_else_is_said_of_its_row() -> None:
    def read(key: str, body: bytes) -> Reply:
        return Reply(Kind.ANSWERED if body == b'"yes"' else Kind.GARBLED)

    def line(body: str, status: int = 200) -> str:
        return json.dumps({"custom_id": "a", "response": {"status_code": status, "body": body}})

    found = partial(read_output, keys=["a"], read=read)
    for lines in (["no", "yes"], ["yes", "no"], ["no", "yes", "yes"]):
        output = found("\n".join(map(line, lines)).encode())
        assert output.replies["a"].kind is Kind.ANSWERED
        assert output.readable
    assert found(line("yes").encode()[:-1]) == ({}, False)
    assert found(line("yes", 500).encode()).replies["a"].kind is Kind.AGAIN
