"""Runs that are killed keep every recorded row, leave no process, and resume to the same bytes.

``LEADERKIT_CRASH_KILLS`` sets how often each engine is killed.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import pytest

from submission import cli
from submission.machine.hardware import processors, vllm_version
from submission.runs.ledger import Ledger
from tests.crash.commands import Commands
from tests.crash.processes import engine_processes, wait_until_gone
from tests.models import gpt2
from tests.submission.engines.tiny import lively

RUN = "crash"
PER_LEDGER = 5
START_SECONDS = 180.0


def kills(default: int) -> int:
    return int(os.environ.get("LEADERKIT_CRASH_KILLS") or default)


class Process(Protocol):
    pid: int

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


Start = Callable[[list[str]], Process]


class Recorded(NamedTuple):
    key: str
    text: str
    finish: str
    tokens: int


@pytest.fixture(scope="module")
def slow_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model whose answers take some time and end at different lengths."""
    return lively(gpt2(tmp_path_factory.mktemp("crash") / "model", context=1024))


@pytest.fixture(scope="module")
def slower_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for vLLM, which answers all rows at once."""
    folder = tmp_path_factory.mktemp("crash") / "model"
    return lively(gpt2(folder, context=1024, layers=8, width=256))


def generate(
    folder: Path, model: Path, wallpaper: Path, engine: str, tokens: int, workers: int = 1
) -> list[str]:
    recipe = folder / "recipe.toml"
    recipe.write_text(
        f'name = "crash"\n[model]\nname = "{model}"\n[engine]\nname = "{engine}"\n'
        f'dtype = "float32"\nbatch_tokens = 1\nworkers = {workers}\n'
        f'[prompt.compound]\nmode = "split"\n'
        f"[sampling]\nmax_tokens = {tokens}\n",
        encoding="utf-8",
    )
    return [
        "generate", str(recipe), "-c", "sample-wallpaper", "--test", str(wallpaper / "test.csv"),
        "--run", RUN,
    ]  # fmt: skip


def recorded(ledger: Path) -> dict[int, Recorded]:
    """Every completion in the ledger by its id, read past our own code."""
    if not ledger.exists():
        return {}
    with closing(sqlite3.connect(ledger, timeout=30)) as database:
        try:
            rows = database.execute(
                "SELECT id, row_key, text, finish, completion_tokens FROM completion"
            ).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return {}
            raise
    return {number: Recorded(*row) for number, *row in rows}


def wait_for_rows(ledger: Path, rows: int, still_runs: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not recorded(ledger):
        assert still_runs(), "it ended before it was killed"
        assert time.monotonic() < deadline, "no row in time"
        time.sleep(0.05)
    with closing(sqlite3.connect(ledger, timeout=30)) as database:
        while database.execute("SELECT count(*) FROM completion").fetchone()[0] < rows:
            assert still_runs(), "it ended before it was killed"
            assert time.monotonic() < deadline, f"no {rows} rows in time"
            time.sleep(0.005)


def running(pid: int) -> Callable[[], bool]:
    """Whether a process is there and not a dead one that nobody asked about."""

    def still() -> bool:
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        except OSError:
            return False

    return still


def check_intact(ledger: Path, before: dict[int, Recorded]) -> dict[int, Recorded]:
    """Nothing that was recorded has changed; returns what is recorded now."""
    with closing(sqlite3.connect(ledger)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    now = recorded(ledger)
    assert now.items() >= before.items()
    return now


def check_complete(ledger: Path) -> None:
    """Every row is answered, and every prompt was recorded exactly once."""
    with Ledger(ledger) as book:
        parts = list(book.parts(RUN))
        progress = book.progress(RUN)
        assert book.run(RUN).finished is not None
    assert progress.rows == progress.done == 36
    assert all(part.completion is not None for part in parts)
    keys = [each.key for each in recorded(ledger).values()]
    assert sorted(keys) == sorted({part.completion.key for part in parts if part.completion})


def outcome(ledger: Path, wallpaper: Path) -> tuple[bytes, bytes]:
    """The bytes of the exported answers and of the submission."""
    answers, submission = ledger.with_suffix(".answers.csv"), ledger.with_suffix(".submission.csv")
    at = ["--ledger", str(ledger)]
    assert cli.run(["export", RUN, "--out", str(answers), *at]) == 0
    template = str(wallpaper / "sample_submission.csv")
    # Random weights may leave an answer empty, which the check of the written file reports (1).
    assert cli.run(
        ["submit", "-c", "sample-wallpaper", "--run", RUN, "--template", template,
         "--out", str(submission), *at]
    ) in (0, 1)  # fmt: skip
    return answers.read_bytes(), submission.read_bytes()


def kill_at(start: Start, command: list[str], ledger: Path, rows: int, after: float) -> None:
    """Start the command, and kill it some seconds after the ledger has that many rows."""
    process = start([*command, "--ledger", str(ledger)])
    wait_for_rows(ledger, rows, running(process.pid))
    time.sleep(after)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    assert wait_until_gone(process.pid) == {}


def kill_often(
    start: Start, command: list[str], ledgers: Path, total: int, times: int, pause: float
) -> Iterator[Path]:
    """Kill runs at random places, several times each; yields each ledger, to be finished."""
    draw = random.Random(20)  # noqa: S311 -- the same places every time
    done = 0
    while done < times:
        ledger = ledgers / f"killed-{done}.db"
        count = min(PER_LEDGER, times - done)
        kept: dict[int, Recorded] = {}
        for rows in sorted(draw.sample(range(1, total - 5), count)):
            # What a kill left behind may be more than was asked for.
            kill_at(start, command, ledger, max(rows, len(kept) + 1), draw.uniform(0, pause))
            kept = check_intact(ledger, kept)
            done += 1
        yield ledger
        check_intact(ledger, kept)


two_processors = pytest.mark.skipif(len(processors()) < 2, reason="one processor")


@pytest.mark.parametrize(
    "workers",
    [
        pytest.param(1, id="one-process"),
        pytest.param(2, id="two-workers", marks=two_processors),
    ],
)
def test_a_transformers_run_survives_being_killed(
    tmp_path: Path, slow_model: Path, wallpaper: Path, workers: int
) -> None:
    command = generate(tmp_path, slow_model, wallpaper, "transformers", 24, workers)
    times = kills(5) if workers == 1 else kills(1)
    with Commands(tmp_path / "output.txt") as commands:

        def finish(ledger: Path) -> None:
            assert commands.start([*command, "--ledger", str(ledger)]).wait() == 0
            check_complete(ledger)

        finish(tmp_path / "whole.db")
        whole = outcome(tmp_path / "whole.db", wallpaper)
        total = len(recorded(tmp_path / "whole.db"))
        for ledger in kill_often(commands.start, command, tmp_path, total, times, 0.15):
            finish(ledger)
            assert outcome(ledger, wallpaper) == whole
    assert "Traceback" not in (tmp_path / "output.txt").read_text()


@pytest.fixture
def started() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes to be gone after the test, whatever becomes of it."""
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.kill()
            process.wait()


@pytest.mark.vllm
@pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed")
@pytest.mark.timeout(3600)
@pytest.mark.parametrize(
    "own_processes",
    [
        pytest.param("0", id="worker"),
        # As on a GPU; there without the worker.
        pytest.param("1", id="core-and-worker", marks=pytest.mark.slow),
    ],
)
def test_a_vllm_run_survives_being_killed_and_leaves_no_process(
    tmp_path: Path,
    slower_model: Path,
    wallpaper: Path,
    started: list[subprocess.Popen[bytes]],
    own_processes: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", own_processes)
    command = generate(tmp_path, slower_model, wallpaper, "vllm", tokens=400)
    output = tmp_path / "output.txt"

    def start(arguments: list[str]) -> Any:
        with output.open("ab") as out:
            program = Path(sys.executable).with_name("leaderkit")
            process = subprocess.Popen(
                [program, *arguments], stdout=out, stderr=out, start_new_session=True
            )
        started.append(process)
        return process

    def finish(ledger: Path) -> None:
        process = start([*command, "--ledger", str(ledger)])
        assert process.wait(START_SECONDS) == 0, output.read_text()
        assert wait_until_gone(process.pid, 2) == {}
        check_complete(ledger)

    finish(tmp_path / "whole.db")
    whole = outcome(tmp_path / "whole.db", wallpaper)
    total = len(recorded(tmp_path / "whole.db"))

    for ledger in kill_often(start, command, tmp_path, total, kills(1), 0.0):
        # A spawned core waits minutes for its parent's greeting before it loads any plugin; the
        # forked one of a GPU has the death signal from its first moment.
        if own_processes == "0":
            kill_while_starting(start, command, ledger)
        finish(ledger)
        assert outcome(ledger, wallpaper) == whole
    assert "Traceback" not in output.read_text()


def hear_interrupts() -> None:
    """What a terminal's processes do; those that a script starts with ``&`` ignore SIGINT."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def kill_while_starting(start: Start, command: list[str], ledger: Path) -> None:
    """Kill it while its worker is still importing, when no death signal is set in that yet."""
    before = recorded(ledger)
    process = start([*command, "--ledger", str(ledger)])
    deadline = time.monotonic() + START_SECONDS
    while not any("spawn_main" in each for each in engine_processes(process.pid).values()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    process.kill()
    assert process.wait(60) == -signal.SIGKILL
    assert wait_until_gone(process.pid, 60) == {}
    assert recorded(ledger) == before


@pytest.mark.parametrize(
    ("engine", "workers"),
    [
        pytest.param(
            "vllm",
            1,
            id="vllm",
            marks=[
                pytest.mark.vllm,
                pytest.mark.skipif(vllm_version() is None, reason="vLLM is not installed"),
            ],
        ),
        pytest.param("transformers", 2, id="two-workers", marks=two_processors),
    ],
)
def test_an_interrupted_run_keeps_its_rows_and_leaves_no_process(
    tmp_path: Path,
    slower_model: Path,
    wallpaper: Path,
    started: list[subprocess.Popen[bytes]],
    engine: str,
    workers: int,
) -> None:
    """As a terminal does it: every process of the group gets the signal."""
    command = generate(tmp_path, slower_model, wallpaper, engine, 400, workers)
    ledger = tmp_path / "ledger.db"
    process = subprocess.Popen(
        [Path(sys.executable).with_name("leaderkit"), *command, "--ledger", str(ledger)],
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hear_interrupts,
    )
    started.append(process)
    wait_for_rows(ledger, 3, running(process.pid))
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said.decode()
    assert b"Interrupted. What was finished is kept" in said
    assert b"Traceback" not in said
    assert wait_until_gone(process.pid) == {}
    assert 3 <= len(check_intact(ledger, {})) < 50
