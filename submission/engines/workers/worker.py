"""A worker: an engine in a process of its own, which completes what it is handed.

Run as a program with the descriptor of its end of a pipe and, where it is to keep to some, the
processors it may use, separated by commas.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from submission.engines.base import Engine, EngineContext, Request, Work
from submission.engines.slot import ModelSlot
from submission.engines.vllm import lifeline
from submission.engines.workers.messages import (
    Alive,
    Answer,
    Block,
    Failed,
    Finished,
    Idle,
    Order,
    Ready,
    Said,
    Setup,
)
from submission.errors import LeaderkitError
from submission.files.digest import sha256_file

TELL_SECONDS = 0.5
ALIVE_SECONDS = 1.0


class _Line:
    """This end of the pipe, at which every second a thread says that the process goes on."""

    def __init__(self, pipe: Connection[Answer, Order]) -> None:
        self._pipe, self._turn = pipe, threading.Lock()
        self.recv, self.poll = pipe.recv, pipe.poll
        threading.Thread(target=self._beat, daemon=True).start()

    def send(self, answer: Answer) -> None:
        """Send it whole, while nothing else is sent."""
        with self._turn:
            self._pipe.send(answer)

    def _beat(self) -> None:
        with suppress(OSError):
            while True:
                time.sleep(ALIVE_SECONDS)
                self.send(Alive())


def main(descriptor: int, processors: set[int]) -> None:
    """Serve the process at the other end of the pipe until it closes that."""
    lifeline.attach()
    if processors:
        os.sched_setaffinity(0, processors)
    pipe: Connection[Answer, Order] = Connection(descriptor)
    # A reset or broken pipe is how its other end looks when it was closed over unread messages.
    with ModelSlot(shared=True) as slot, suppress(EOFError, ConnectionError):
        _serve(_Line(pipe), slot)


def _serve(pipe: _Line, slot: ModelSlot) -> None:
    blocks: _Blocks | None = None
    while True:
        order = pipe.recv()
        try:
            if isinstance(order, Setup):
                engine = _engine(order, pipe, slot)
                engine.start()
                blocks = _Blocks(engine, pipe)
                settings = getattr(engine, "settings", tuple)
                pipe.send(Ready(engine.identity, settings(), getattr(engine, "at_once", 0)))
            elif blocks is not None:
                blocks.complete(order)
        except LeaderkitError as error:
            pipe.send(Failed(error))


class _Blocks:
    """The blocks that an engine is handed, also while it is at others where it can take them."""

    def __init__(self, engine: Engine, pipe: _Line) -> None:
        self._engine, self._pipe = engine, pipe
        self._fed = {"more": self._more} if getattr(engine, "at_once", 0) else {}
        self._came = 0

    def complete(self, block: Block) -> None:
        """Answer the block, and what comes meanwhile."""
        in_flight = getattr(self._engine, "in_flight", lambda: Work(0, 0))
        self._came += 1
        told = time.monotonic()
        for step in self._engine.complete(block.requests, **self._fed):
            if step or time.monotonic() - told >= TELL_SECONDS:
                told = time.monotonic()
                self._pipe.send(Finished(step, in_flight()))
        self._pipe.send(Idle(self._came))

    def _more(self) -> list[Request]:
        requests: list[Request] = []
        # Set up anew is only who is idle.
        while self._pipe.poll() and isinstance(order := self._pipe.recv(), Block):
            self._came += 1
            requests += order.requests
        return requests


def _engine(setup: Setup, pipe: _Line, slot: ModelSlot) -> Engine:
    def known(path: Path) -> str:
        return setup.digests.get(path) or sha256_file(path)

    return setup.factory(
        EngineContext(
            recipe=setup.recipe,
            hash_file=known,
            say=lambda text: pipe.send(Said(text)),
            slot=slot,
            today=setup.today,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), {int(each) for each in sys.argv[2].split(",") if each})
