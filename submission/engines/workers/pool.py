"""All workers of a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing.connection import wait

from submission.engines.base import Outcome, Request, Setting, Work
from submission.engines.workers.blocks import Blocks
from submission.engines.workers.messages import Failed, Finished, Idle, Ready, Said, Setup
from submission.engines.workers.process import PATIENCE_SECONDS, Worker
from submission.engines.workers.shares import Share
from submission.errors import InputError, Stopped

RESTARTS = 3
LISTEN_SECONDS = 0.5


class Pool:
    """A worker for each share of the machine; one that ends by itself is replaced.

    ``relay`` is told what the workers' engines say; ``settings`` are what they really run with.
    """

    def __init__(
        self, shares: Sequence[Share], say: Callable[[str], None], relay: Callable[[str], None]
    ) -> None:
        self._shares = shares
        self._say, self._relay = say, relay
        self.settings: Sequence[Setting] = ()
        self._workers = [Worker(share) for share in shares]

    def set_up(self, setup: Setup, identity: Mapping[str, str]) -> None:
        """Have every worker start this engine.

        Raises what the engine raises, :class:`InputError` where a worker ends meanwhile or has an
        engine of another identity, and :class:`Stopped` where one does nothing for
        ``engine.stall_timeout`` seconds.
        """
        self._setup, self._identity = setup, identity
        for place, worker in enumerate(self._workers):
            if worker.ended:
                self._workers[place] = Worker(self._shares[place])
            self._workers[place].set_up(setup)
        while any(worker.starting for worker in self._workers):
            _, lost = self._received()
            if lost:
                worker, name = self._workers[lost[0]], self._name(lost[0])
                stalled, reason = worker.stalled, worker.end()
                if stalled:
                    raise Stopped(
                        f"{name} was ended before it had the model: {reason}. Finished rows are "
                        "kept; the same command resumes."
                    )
                raise InputError(
                    f"engine.workers: {name} ended before it had the model: {reason}. Fewer "
                    "workers need less memory."
                )

    def complete(self, requests: Sequence[Request]) -> Iterator[Sequence[Outcome]]:
        """How each request ended, in a list for whatever was reported, perhaps nothing.

        A worker that does nothing for ``engine.stall_timeout`` seconds is ended. Raises
        :class:`Stopped` where workers end more than :data:`RESTARTS` times.
        """
        blocks = Blocks(requests, len(self._workers))
        restarts = 0
        while blocks or any(worker.asked is not None for worker in self._workers):
            self._hand_out(blocks)
            outcomes, lost = self._received()
            yield outcomes
            for place in lost:
                worker = self._workers[place]
                asked, reason = list((worker.asked or {}).values()), worker.end()
                if restarts == RESTARTS:
                    raise Stopped(
                        f"Workers ended {restarts + 1} times, the last one with: {reason}. "
                        "Finished rows are kept; the same command resumes, with a lower "
                        "engine.workers if memory is short."
                    )
                restarts += 1
                again = f"its {len(asked)} prompts are asked again" if asked else "it is replaced"
                self._say(f"{self._name(place)} ended ({reason}): {again}.")
                blocks.put_back(asked)
                self._workers[place] = Worker(self._shares[place])
                self._workers[place].set_up(self._setup)

    def in_flight(self) -> Work:
        """What was done of rows that are not finished."""
        every = zip(*(worker.in_flight for worker in self._workers), strict=True)
        return Work(*map(sum, every))

    def close(self) -> None:
        """End every worker."""
        for worker in self._workers:
            worker.leave()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for worker in self._workers:
            worker.end(max(0.0, deadline - time.monotonic()))

    def _hand_out(self, blocks: Blocks) -> None:
        idle = [worker for worker in self._workers if worker.idle]
        for place, worker in enumerate(idle):
            if blocks:
                worker.ask(blocks.take(len(idle) - place, worker.room or None))
        for worker in self._workers:
            if blocks and worker.room and worker not in idle:
                worker.ask(blocks.take(len(self._workers), worker.room))

    def _received(self) -> tuple[list[Outcome], list[int]]:
        """Wait a little for messages: the rows they bring, and the places of workers that ended."""
        outcomes: list[Outcome] = []
        lost = []
        began = time.monotonic()
        speaking = wait([worker.pipe for worker in self._workers], LISTEN_SECONDS)
        # Longer than that only where this process was stopped, perhaps with all its workers.
        listened = min(time.monotonic() - began, LISTEN_SECONDS)
        for place, worker in enumerate(self._workers):
            if worker.pipe not in speaking:
                worker.silent += listened
                if worker.stalled:
                    lost.append(place)
                continue
            message = worker.receive()
            if message is None:
                lost.append(place)
            elif isinstance(message, Said):
                self._relay(message.text)
            elif isinstance(message, Failed):
                raise message.error
            elif isinstance(message, Ready):
                self._require_same(place, message.identity)
                worker.starting -= 1
                worker.at_once = message.at_once
                self.settings = message.settings
            elif isinstance(message, Finished):
                worker.answered(message)
                outcomes.extend(message.outcomes)
            elif isinstance(message, Idle):
                worker.done(message.blocks)
        return outcomes, lost

    def _require_same(self, place: int, identity: Mapping[str, str]) -> None:
        """Raise :class:`InputError` where a worker's answers would be other than was planned."""
        if different := sorted(dict(identity).items() ^ dict(self._identity).items()):
            raise InputError(
                f"{self._name(place)} has another engine than this process: {different[0][0]} is "
                f"'{identity.get(different[0][0])}', not '{self._identity.get(different[0][0])}'."
            )

    def _name(self, place: int) -> str:
        return f"Worker {place + 1} of {len(self._workers)}"
