"""What is left of an engine's processes."""

from __future__ import annotations

import time
from collections.abc import Container
from pathlib import Path

from submission.engines.vllm.lifeline import OWNER


def engine_processes(owner: int) -> dict[int, str]:
    """Processes that the engine of process ``owner`` started: their ids and command lines.

    Python's own resource tracker, which ends with its owner, counts when the owner is gone. What
    reads documents for this process is none of an engine's.
    """
    running = Path(f"/proc/{owner}").exists()
    mark = f"{OWNER}={owner}".encode()
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            if int(folder.name) == owner or mark not in environment:
                continue
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        # A dead process that nobody has asked about yet has no command line.
        if "submission.documents.isolated" in command:
            continue
        if command and not (running and "resource_tracker" in command):
            found[int(folder.name)] = command
    return found


def wait_until_gone(
    owner: int, seconds: float = 10.0, *, but: Container[int] = ()
) -> dict[int, str]:
    """What :func:`engine_processes` still finds after that long at most."""
    deadline = time.monotonic() + seconds
    while left := {pid: each for pid, each in engine_processes(owner).items() if pid not in but}:
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return left
