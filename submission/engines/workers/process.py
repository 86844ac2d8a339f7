"""A worker, as the run's process sees it."""

from __future__ import annotations

import math
import os
import signal
import socket
import struct
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from submission.engines.base import Request, Work
from submission.engines.vllm import lifeline
from submission.engines.vllm.log import EngineLog
from submission.engines.workers.messages import Answer, Block, Finished, Order, Setup
from submission.engines.workers.shares import Share

PROGRAM = "submission.engines.workers.worker"
PATIENCE_SECONDS = 3.0
AHEAD = 4
"""One part in so many of what an engine computes at once waits beside it, for its next step."""


class Worker:
    """A process with an engine of its own, which ends with this one.

    ``starting`` is how many engines it was told to start and has not. ``asked`` are the requests of
    its blocks that it has not answered; None if it is idle. ``at_once`` is how many its engine
    computes together where it takes more while it runs, else 0. ``in_flight`` is what it has done
    of them. ``silent`` is for how many seconds it was listened to in vain.
    """

    def __init__(self, share: Share) -> None:
        self.starting = 0
        self.silent = 0.0
        self._patience = math.inf
        self.asked: dict[str, Request] | None = None
        self.at_once = 0
        self._blocks = 0
        self.in_flight = Work(0, 0)
        self._log = EngineLog()
        self.pipe: Connection[Order, Answer]
        self.pipe, theirs = Pipe()
        numbers = ",".join(map(str, share.processors))
        # It finds the modules that this process has found.
        path = os.pathsep.join(entry or str(Path.cwd()) for entry in sys.path)
        with theirs, self._log.capture():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", PROGRAM, str(theirs.fileno()), numbers],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                env=share.environment | {"PYTHONPATH": path, lifeline.OWNER: str(os.getpid())},
            )

    @property
    def idle(self) -> bool:
        """Whether it waits for a block."""
        return not self.starting and self.asked is None

    @property
    def room(self) -> int:
        """How many requests it had better have soon; none where it waits, or computes enough."""
        missing = 0 if self.starting else self.at_once - len(self.asked or ())
        return missing + self.at_once // AHEAD if missing > 0 else 0

    @property
    def stalled(self) -> bool:
        """Whether it has something to do, and has not even said that it goes on for too long."""
        return not self.idle and self.silent > self._patience

    def set_up(self, setup: Setup) -> None:
        """Have it start an engine; ``engine.stall_timeout`` holds from here on."""
        self.starting += 1
        self._blocks = 0
        self.silent, self._patience = 0.0, setup.recipe.engine.stall_timeout
        _limit_waits(self.pipe, self._patience)
        self._send(setup)

    def ask(self, requests: Sequence[Request]) -> None:
        """Hand it a block."""
        if self.asked is None:
            self.silent = 0.0
        self.asked = (self.asked or {}) | {request.key: request for request in requests}
        self._blocks += 1
        self._send(Block(requests))

    def answered(self, finished: Finished) -> None:
        """Note what it need not be asked again."""
        self.in_flight = finished.in_flight
        for each in finished.outcomes:
            (self.asked or {}).pop(each.key, None)

    def done(self, blocks: int) -> None:
        """Note that it is done with so many blocks, which are all unless one is on its way."""
        if blocks < self._blocks:
            return
        self.asked, self.in_flight = None, Work(0, 0)

    def receive(self) -> Answer | None:
        """Its next message; None where it has ended."""
        try:
            answer = self.pipe.recv()
        except BlockingIOError:
            self.silent = math.inf
            return None
        except (EOFError, OSError):
            return None
        self.silent = 0.0
        return answer

    @property
    def ended(self) -> bool:
        """Whether its process is no more."""
        return self._process.poll() is not None

    def leave(self) -> None:
        """Close its pipe, at which it ends by itself when it looks there next."""
        self.pipe.close()

    def end(self, patience: float = PATIENCE_SECONDS) -> str:
        """Let it end, or end it after that many seconds; returns how it ended."""
        stalled = self.stalled
        self.leave()
        try:
            status = self._process.wait(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        if stalled:
            return f"it did nothing for {self._patience:g} s, engine.stall_timeout"
        if status < 0:
            return f"{signal.Signals(-status).name}, perhaps for lack of memory"
        return self._log.reason() or f"exit status {status}"

    def _send(self, order: Order) -> None:
        # One that has ended says so where its messages are received.
        try:
            with suppress(ConnectionError):
                self.pipe.send(order)
        except BlockingIOError:
            self.silent = math.inf


def _limit_waits(pipe: Connection[Order, Answer], seconds: float) -> None:
    """Have what waits in the middle of a message for the other end raise ``BlockingIOError``."""
    whole = int(seconds)
    interval = struct.pack("ll", whole, int((seconds - whole) * 1e6))
    with socket.fromfd(pipe.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as end:
        for direction in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            end.setsockopt(socket.SOL_SOCKET, direction, interval)
