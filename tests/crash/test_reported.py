"""What was reported as done is in the ledger, whenever the process is killed."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.crash.test_crash import kills

PROGRAM = """
import sys, time
from pathlib import Path
from submission.engines.base import Completion, Finish, Request
from submission.generation.record import recorded
from submission.records.rows import Question
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run

path, size, pause = Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
keys = [f"k{place}" for place in range(20_000)]


class Engine:
    def complete(self, requests):
        for start in range(0, len(requests), size):
            yield [Completion(r.key, "답", Finish.STOP) for r in requests[start : start + size]]
            print("asked for more", flush=True)
            time.sleep(pause)


with Ledger(path) as book:
    parts = [PlannedPart(place, 0, 0, key, "?", key) for place, key in enumerate(keys)]
    book.begin(Run("run", "f", "c", "{}", "t", "e", ""), parts, fresh=True)
    done = 0
    requests = [Request(key, Question(key, "?", "", {}), "?") for key in keys]
    for step in recorded(Engine(), requests, book, "run", "run", 8):
        done += len(step)
        print(done, flush=True)
"""


def kept(ledger: Path) -> int:
    with closing(sqlite3.connect(ledger)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        (answered,) = database.execute("SELECT count(completion) FROM part").fetchone()
    return int(answered)


def start(ledger: Path, size: int, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", PROGRAM, str(ledger), str(size), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("size", [1, 7, 500])
def test_a_kill_loses_nothing_that_was_reported(tmp_path: Path, size: int) -> None:
    draw = random.Random(size)  # noqa: S311 -- the same places every time
    for number in range(kills(3)):
        ledger = tmp_path / f"{number}.db"
        process = start(ledger, size, 0)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0, 0.1))
        process.kill()
        told = [int(line) for line in process.stdout if line.strip().isdigit()]
        process.wait()
        assert kept(ledger) >= max(told, default=0)
        assert kept(ledger) % size == 0, "a step is one transaction"


def test_a_row_is_durable_while_its_engine_is_busy_with_the_next(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    process = start(ledger, 1, 60)
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    assert process.stdout.readline() == "asked for more\n"
    process.kill()
    process.communicate()
    assert kept(ledger) == 1
