"""Start leaderkit many times without importing its libraries as often.

Run as a program, it imports them once. Each line on standard input, a JSON list of arguments,
is then the command line of a process of its own, forked from this one; it prints the process's id
when that starts and its exit status when it has ended.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Self

PROJECT = Path(__file__).parents[2]


class Commands:
    """The other end: starts, one after the other, processes that run leaderkit."""

    def __init__(self, output: Path) -> None:
        self._output = output.open("wb")
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.commands"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            text=True,
            cwd=PROJECT,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()
        self._output.close()

    def start(self, arguments: list[str]) -> Forked:
        """Start leaderkit with ``arguments``; wait for it before the next is started."""
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(arguments) + "\n")
        self._server.stdin.flush()
        return Forked(self._server, self._line())

    def _line(self) -> int:
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


class Forked:
    """A running leaderkit."""

    def __init__(self, server: subprocess.Popen[str], pid: int) -> None:
        self._server, self.pid = server, pid

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        os.kill(self.pid, signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, negative for a signal."""
        assert self._server.stdout is not None
        return int(self._server.stdout.readline())


def serve() -> None:
    """Read command lines from standard input and run each in a process of its own."""
    import peft
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from submission.cli import main

    del peft, torch, AutoModelForCausalLM, AutoTokenizer
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.dup2(2, 1)
            sys.argv[1:] = json.loads(line)
            try:
                main()
            except SystemExit as end:
                sys.stderr.flush()
                os._exit(int(end.code or 0))
        print(pid, flush=True)  # noqa: T201
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


if __name__ == "__main__":
    serve()
