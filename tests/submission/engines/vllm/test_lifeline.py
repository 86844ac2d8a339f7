"""A process that an engine starts ends with its owner, however it was started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from submission.engines.vllm.lifeline import OWNER
from tests.crash.processes import engine_processes, wait_until_gone

# Each prints the id of the process it has started, and waits to be killed.
FORKED = """
import os, time
from submission.engines.vllm.engine import lifeline
lifeline.hold()
if os.fork():
    time.sleep(600)
print(os.getpid(), flush=True)
time.sleep(600)
"""
SPAWNED = """
import multiprocessing, os, time
from submission.engines.vllm.engine import lifeline

def work():
    lifeline.attach()
    print(os.getpid(), flush=True)
    time.sleep(600)

if __name__ == "__main__":
    lifeline.hold()
    multiprocessing.get_context("spawn").Process(target=work).start()
    time.sleep(600)
"""
ATTACH = "from submission.engines.vllm import lifeline; lifeline.attach(); print('here')"


@pytest.mark.skipif(sys.platform != "linux", reason="parent-death signals are Linux's")
@pytest.mark.parametrize("program", [FORKED, SPAWNED], ids=["fork", "spawn"])
def test_it_ends_when_its_owner_is_killed(tmp_path: Path, program: str) -> None:
    script = tmp_path / "owner.py"
    script.write_text(program)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        child = int(owner.stdout.readline())
        assert Path(f"/proc/{child}").exists()
        owner.kill()
    assert wait_until_gone(owner.pid) == {}
    deadline = time.monotonic() + 10
    while _runs(child):
        assert time.monotonic() < deadline, "it outlived its owner"
        time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether the process is there; what has ended and was not asked about has no command line."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def test_it_ends_at_once_when_its_owner_died_before_it_could_attach() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = subprocess.run(
        [sys.executable, "-c", ATTACH],
        env={**os.environ, OWNER: str(gone.pid)},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (1, "")


def test_outside_an_engine_it_does_nothing() -> None:
    environment = {name: value for name, value in os.environ.items() if name != OWNER}
    done = subprocess.run(
        [sys.executable, "-c", ATTACH], env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "here\n", "")
    assert engine_processes(0) == {}
