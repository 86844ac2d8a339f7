"""Real processes killed around a batch: the same command goes on, and pays nothing twice."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from submission.runs.ledger import Ledger
from submission.tables import write_csv
from tests.crash.test_crash import check_intact, hear_interrupts, recorded
from tests.submission.engines.openai.batch_server import (
    CREATE,
    DOWNLOAD,
    LOOK,
    UPLOAD,
    batch_server,
)
from tests.submission.engines.openai.conftest import account, kept, questions, recipe, same
from tests.submission.engines.openai.openai_server import FINE, Fault, Log, answer

ROWS = 1200
HALF = 0.5
ASKED = questions(ROWS)

STEP = 100

# The program, but that it is killed, as by the kernel, right after its first rows are recorded.
ENDS_AFTER_A_STEP = f"""
import os, signal, sys
from submission import cli
from submission.engines.openai import batches
from submission.runs.ledger import Ledger

record = Ledger.record

def record_and_die(*arguments):
    record(*arguments)
    os.kill(os.getpid(), signal.SIGKILL)

batches.ROWS_PER_STEP, Ledger.record = {STEP}, record_and_die
sys.exit(cli.run(sys.argv[1:]))
"""

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start the command for a server; what it says is in output.txt."""
    processes: list[subprocess.Popen[bytes]] = []
    write_csv(Path("test.csv"), ("id", "질문"), list(ASKED.items()), bom=False)

    leaderkit = (Path(sys.executable).with_name("leaderkit"),)

    def call(url: str, *program: str) -> subprocess.Popen[bytes]:
        # Long enough that only a kill ends what hangs.
        Path("recipe.toml").write_text(recipe(url, timeout=60.0, deadline=60.0), encoding="utf-8")
        command = [
            *(program or leaderkit), "generate", "recipe.toml",
            "-c", "sample-wallpaper", "--test", "test.csv", "--run", "asked",
            "--set", "engine.openai.batch={poll = 0.05}",
            "--set", f"engine.openai.prices.batch={HALF}",
        ]  # fmt: skip
        with Path("output.txt").open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, preexec_fn=hear_interrupts)
        processes.append(process)
        return process

    yield call
    for process in processes:
        with suppress(ProcessLookupError):
            process.kill()
        process.wait()


def wait_until(process: subprocess.Popen[bytes], condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, Path("output.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)


def reached(log: Log, what: str, number: int) -> bool:
    """Whether so many requests for ``what`` have come."""
    return log.before[what] == number


def check_resumed(start: Start, log: Log) -> str:
    """The same command ends well, and every row was worked on and paid once; what it said."""
    before = recorded(Path("ledger.db"))
    code = start(log.url).wait(60)
    said = Path("output.txt").read_text()
    assert code == 0, said
    assert kept() == {row: answer(text) for row, text in ASKED.items()}
    assert len(check_intact(Path("ledger.db"), before)) == ROWS
    assert log.charges.works == ROWS
    assert same(account(), log.charges, HALF)
    assert account().uncertain == 0
    assert log.before[CREATE] == 1
    return said


HANGS = {
    # The first upload is lost before it is there, the second after.
    UPLOAD: [Fault(works=False, hang=True), Fault(hang=True)],
    CREATE: [Fault(hang=True)],
    LOOK: [Fault(hang=True)],
    DOWNLOAD: [Fault(hang=True)],
}


def hanging(what: str, before: int) -> Fault:
    """Every kind of request hangs first, so that a kill comes while it is on its way."""
    faults = HANGS.get(what, [])
    return faults[before] if before < len(faults) else FINE


def test_a_run_that_is_killed_at_every_stage_uploads_and_begins_nothing_twice(
    start: Start,
) -> None:
    with batch_server(hanging) as log:
        kills = [
            (what, number + 1) for what, faults in HANGS.items() for number in range(len(faults))
        ]
        for what, number in kills:
            process = start(log.url)
            wait_until(process, partial(reached, log, what, number))
            # Where the server does it, it has done it by now.
            time.sleep(0.05)
            process.kill()
            assert process.wait() == -signal.SIGKILL
            assert recorded(Path("ledger.db")) == {}
        process = start(log.url, sys.executable, "-c", ENDS_AFTER_A_STEP)
        assert process.wait(60) == -signal.SIGKILL
        assert len(recorded(Path("ledger.db"))) == STEP
        said = check_resumed(start, log)
        assert f"{ROWS - STEP:,} prompts are in batch batch_3 at the server" in said
        assert log.before[UPLOAD] == 2


def test_an_interrupt_leaves_the_batch_at_the_server_and_says_so(start: Start) -> None:
    ready = False
    with batch_server(ready=lambda: ready) as log:
        process = start(log.url)
        wait_until(process, lambda: log.before[LOOK] > 2)
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 130
        said = Path("output.txt").read_text()
        assert "Traceback" not in said
        assert "Left at the server, which goes on: batch_3. The same command waits for it" in said
        with Ledger(Path("ledger.db")) as book:
            (batch,) = book.batches("asked")
            assert (batch.name, len(book.open_attempts("asked"))) == ("batch_3", ROWS)
        ready = True
        check_resumed(start, log)
