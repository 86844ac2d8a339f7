"""A run over a server that charges, killed at random places: no row is lost, none is paid twice."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from submission.runs.ledger import Ledger
from submission.tables import write_csv
from tests.crash.test_crash import (
    check_intact,
    hear_interrupts,
    kill_often,
    kills,
    recorded,
    running,
    wait_for_rows,
)
from tests.submission.engines.openai.conftest import KEY, questions, recipe, same
from tests.submission.engines.openai.openai_server import (
    FINE,
    Fault,
    answer,
    openai_server,
    refused,
)

ROWS = 100
TROUBLE = [FINE, FINE, FINE, refused(429), refused(500), Fault(reset=True), Fault(cut=True)]


def troubled(prompt: str, before: int) -> Fault:
    """Every row's first two requests may go wrong, the same way whenever the test runs."""
    draw = random.Random(f"{prompt} {before}")  # noqa: S311 -- the same every time
    return draw.choice(TROUBLE) if before < 2 else FINE


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes to be gone after the test, whatever becomes of it."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def test_a_killed_run_asks_for_no_row_twice_and_knows_what_was_in_flight(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    write_csv(tmp_path / "test.csv", ("id", "질문"), list(questions(ROWS).items()), bom=False)
    output = tmp_path / "output.txt"

    def start(arguments: list[str]) -> subprocess.Popen[bytes]:
        with output.open("ab") as out:
            program = Path(sys.executable).with_name("leaderkit")
            process = subprocess.Popen([program, *arguments], stdout=out, stderr=out)
        started.append(process)
        return process

    with openai_server(troubled, seconds=0.1) as log:
        file = tmp_path / "recipe.toml"
        file.write_text(recipe(log.url, connections=8, timeout=5.0), encoding="utf-8")
        command = [
            "generate", str(file), "-c", "sample-wallpaper", "--test", str(tmp_path / "test.csv"),
            "--run", "crash",
        ]  # fmt: skip
        for ledger in kill_often(start, command, tmp_path, ROWS, kills(3), 0.1):
            with Ledger(ledger) as book:
                in_flight = sum(each.in_flight for each in book.open_attempts("crash").values())
            said = output.stat().st_size
            assert start([*command, "--ledger", str(ledger)]).wait(120) == 0, output.read_text()
            told = output.read_bytes()[said:].decode()
            assert (f"{in_flight} requests were in flight" in told) == (in_flight > 0)
            with Ledger(ledger) as book:
                parts = list(book.parts("crash"))
                account = book.account("crash")
            assert [part.completion.text for part in parts if part.completion] == [
                answer(text) for text in questions(ROWS).values()
            ]
            assert len(check_intact(ledger, recorded(ledger))) == ROWS
            # Whatever was killed while it was on its way: paid once, and told.
            assert log.charges.works == ROWS
            assert same(account, log.charges)
            log.forget()
    assert "Traceback" not in output.read_text()


def test_a_killed_run_with_rows_that_fail_goes_on_to_the_end(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    write_csv(tmp_path / "test.csv", ("id", "질문"), list(questions(ROWS).items()), bom=False)
    ledger, file, output = (tmp_path / name for name in ("ledger.db", "recipe.toml", "output"))
    bad = set([*questions(ROWS).values()][::4])
    no = refused(400, "context_length_exceeded", "too long")

    def start() -> subprocess.Popen[bytes]:
        with output.open("ab") as out:
            process = subprocess.Popen(
                [
                    Path(sys.executable).with_name("leaderkit"), "generate", str(file),
                    "-c", "sample-wallpaper", "--test", str(tmp_path / "test.csv"),
                    "--run", "crash", "--ledger", str(ledger),
                ],
                stdout=out, stderr=out,
            )  # fmt: skip
        started.append(process)
        return process

    plan = lambda prompt, _before: no if prompt in bad else FINE  # noqa: E731
    with openai_server(plan, seconds=0.5) as log:
        file.write_text(recipe(log.url, connections=20, timeout=5.0), encoding="utf-8")
        process = start()
        wait_for_rows(ledger, 40, running(process.pid))
        process.kill()
        process.wait()
        # More rows fail at once now than end a run whose server answers nothing.
        assert start().wait(120) == 3
        assert f"{len(bad)} prompts failed" in output.read_text()
        assert len(recorded(ledger)) == ROWS - len(bad)
        assert len(check_intact(ledger, {})) == ROWS - len(bad)


def test_an_interrupted_run_keeps_its_rows_and_tells_what_was_in_flight(
    tmp_path: Path, started: list[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    write_csv(tmp_path / "test.csv", ("id", "질문"), list(questions(ROWS).items()), bom=False)
    ledger, file = tmp_path / "ledger.db", tmp_path / "recipe.toml"
    with openai_server(seconds=0.3) as log:
        file.write_text(recipe(log.url, connections=4, timeout=5.0), encoding="utf-8")
        process = subprocess.Popen(
            [
                Path(sys.executable).with_name("leaderkit"), "generate", str(file),
                "-c", "sample-wallpaper", "--test", str(tmp_path / "test.csv"), "--run", "crash",
                "--ledger", str(ledger),
            ],
            stderr=subprocess.PIPE,
            preexec_fn=hear_interrupts,
        )  # fmt: skip
        started.append(process)
        wait_for_rows(ledger, 3, running(process.pid))
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said.decode()
    assert b"Interrupted. What was finished is kept" in said
    assert b"Traceback" not in said
    assert 3 <= len(check_intact(ledger, {})) < ROWS
    with Ledger(ledger) as book:
        assert 0 < sum(each.in_flight for each in book.open_attempts("crash").values()) <= 4
