"""A command that is ended where it takes more time or memory than it may."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO, Literal

INTERVAL = 0.1
"""Seconds between two looks at a command's memory."""


@dataclass(frozen=True)
class Ended:
    """How a command ended, after how long, and the most memory that was seen, in bytes."""

    code: int
    seconds: float
    peak_bytes: int
    limit: Literal["time", "memory"] | None


def watch(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output: IO[bytes],
    seconds: float | None,
    memory: float | None,
) -> Ended:
    """Run ``command`` with all its processes within ``seconds`` and ``memory`` bytes.

    Its output goes to ``output``. At a limit, and where the caller is interrupted, all of its
    processes are killed.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    peak = 0
    limit: Literal["time", "memory"] | None = None
    try:
        while process.poll() is None and limit is None:
            peak = max(peak, _memory(process.pid))
            if memory is not None and peak > memory:
                limit = "memory"
            elif seconds is not None and time.monotonic() - started > seconds:
                limit = "time"
            else:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(INTERVAL)
    finally:
        _kill(process.pid)
        process.wait()
    return Ended(process.returncode, time.monotonic() - started, peak, limit)


@contextmanager
def tidy_termination() -> Iterator[None]:
    """Leave the block by ``SystemExit`` where this process is told to end, so that it tidies up."""
    numbers = (signal.SIGTERM, signal.SIGHUP)

    def leave(number: int, _frame: FrameType | None) -> None:
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        raise SystemExit(128 + number)

    before = [signal.signal(each, leave) for each in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _kill(leader: int) -> None:
    """Kill a command's processes, also those that are in no group of it any more."""
    for pid in _family(leader):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def _memory(leader: int) -> int:
    """Bytes of main memory that the processes hold together."""
    pids = _family(leader)
    # What several share is counted once; a single one's is told faster.
    read = _proportional if len(pids) > 1 else _resident
    return sum(map(read, pids))


def _family(leader: int) -> list[int]:
    """The processes that a session's leader started, and those started by them."""
    found = dict(_processes())
    family = {leader} & found.keys() | {pid for pid, each in found.items() if each[1] == leader}
    grown = True
    while grown:
        children = {pid for pid, each in found.items() if each[0] in family} - family
        family |= children
        grown = bool(children)
    return sorted(family)


def _processes() -> Iterator[tuple[int, tuple[int, int]]]:
    """Every process with its parent and its session."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with suppress(OSError, ValueError, IndexError):
                # The name of a program, in parentheses, may hold anything.
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                yield int(folder.name), (int(fields[1]), int(fields[3]))


def _resident(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        pages = int(Path("/proc", str(pid), "statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")
    return 0


def _proportional(pid: int) -> int:
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc", str(pid), "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(pid)
