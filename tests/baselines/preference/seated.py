"""A person at a terminal: leaderkit in a process of its own, on a pseudo-terminal."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from submission.cli import run

PROMPT = "q quits"
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Seated:
    """Runs a command line; what it shows is read as text, without colours."""

    def __init__(self, arguments: list[str], folder: Path, *, columns: int = 60) -> None:
        self.shown = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._pid, self._terminal = pty.fork()
        if self._pid == 0:  # pragma: no cover -- the other process
            status = 99
            try:
                os.chdir(folder)
                # pytest has put its own in the place of these.
                sys.stdin = open(0)  # noqa: SIM115
                sys.stdout, sys.stderr = open(1, "w"), open(2, "w")  # noqa: SIM115
                os.environ["TERM"] = "xterm-256color"
                os.environ.pop("COLUMNS", None)
                size = struct.pack("HHHH", 24, columns, 0, 0)
                fcntl.ioctl(0, termios.TIOCSWINSZ, size)
                status = run(arguments)
                sys.stdout.flush()
            finally:
                os._exit(status)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: object, __: TracebackType | None
    ) -> None:
        if kind is not None:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)
        os.close(self._terminal)

    def question(self) -> str:
        """Wait until a question is on the screen; what was shown since the last one."""
        return self._until(PROMPT)

    def bell(self) -> None:
        """Wait for the bell, which says that a key meant nothing."""
        self._until("\a")

    def _until(self, end: str) -> str:
        while end not in self.shown:
            if not self._read():
                raise AssertionError(f"ended without {end!r}:\n{self.shown}")
        # The key is waited for with the terminal in raw mode.
        while termios.tcgetattr(self._terminal)[3] & termios.ICANON:
            time.sleep(0.005)
        text, self.shown = self.shown, ""
        return text

    def press(self, key: str) -> None:
        """One key."""
        os.write(self._terminal, key.encode())

    def kill(self) -> None:
        """End it as the kernel does when memory runs out."""
        os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)

    def end(self) -> int:
        """Wait for its end; its exit status. What it still shows is in :attr:`shown`."""
        while self._read():
            pass
        _, status = os.waitpid(self._pid, 0)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._terminal], [], [], 60)
        assert ready, f"silent for a minute after:\n{self.shown}"
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # what Linux answers once the other side has gone
            return False
        self.shown += COLOUR.sub("", self._decoder.decode(data))
        return bool(data)
