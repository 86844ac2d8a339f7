"""How much of its batches an engine has computed, token by token, and how much is left."""

from __future__ import annotations

import threading
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from submission.engines.base import Load, Request, Work


@dataclass
class _Running:
    """A batch of ``rows`` whose ``alive`` ones may write up to ``room`` tokens each."""

    rows: int
    width: int
    room: int
    alive: int
    steps: int = 0
    written: int = 0

    def work(self, steps: float) -> tuple[float, float, float]:
        """What so many steps are, from the first one on."""
        attended = steps * self.width + steps * steps / 2
        return self.rows * self.width * bool(steps), self.rows * steps, self.rows * attended

    def steps_left(self, usual: float | None) -> float:
        """Steps until its last row ends.

        Where an answer ends with the same chance at each of its tokens, that is the expected
        largest of geometric lengths: a harmonic number over the chance.
        """
        most = float(self.room - self.steps)
        ended = self.rows - self.alive
        if not self.alive:
            return 0.0
        found = most
        if ended:
            chance = ended / self.written
            found = sum(1 / number for number in range(1, self.alive + 1)) / chance
        elif usual is not None and usual > self.steps:
            found = usual - self.steps
        return min(found, most)


class BatchLoad:
    """The :class:`Load` of batches of which one is computed at a time, padding included.

    Each row of a batch goes on until the batch ends. May be asked from another thread.
    """

    def __init__(self, max_tokens: int) -> None:
        self._max_tokens = max_tokens
        self._lock = threading.Lock()
        self._done = Work(0, 0)
        self._rows = 0
        self._steps = 0
        self._waiting: Collection[Sequence[Request]] = ()
        self._running: _Running | None = None

    def wait(self, batches: Collection[Sequence[Request]]) -> None:
        """These batches, and what is done to them, are what is left from here on."""
        with self._lock:
            self._waiting, self._running = batches, None

    def begin(self, rows: int, width: int, room: int) -> None:
        """A batch that is not among the waiting ones any more is computed now."""
        with self._lock:
            self._running = _Running(rows, width, room, rows)

    def step(self, alive: int) -> None:
        """A token more is there of every row, of which so many go on."""
        with self._lock:
            if (now := self._running) is not None:
                now.steps += 1
                now.written += now.alive
                now.alive = alive

    def end(self) -> None:
        """The batch is answered."""
        with self._lock:
            if (now := self._running) is not None:
                self._done = _rounded(self._done, now.work(now.steps))
                self._rows += now.rows
                self._steps += now.rows * now.steps
            self._running = None

    def load(self) -> Load:
        """What is done, and what is left."""
        with self._lock:
            usual = self._steps / self._rows if self._rows else None
            done, rows, every = self._done, 0, []
            each = float(self._max_tokens) if usual is None else usual
            if (now := self._running) is not None:
                more = now.steps_left(usual)
                each = now.steps + more if usual is None else usual
                done = _rounded(done, now.work(now.steps))
                rows = now.rows
                before, whole = now.work(now.steps), now.work(now.steps + more)
                every.append([after - begun for after, begun in zip(whole, before, strict=True)])
            for batch in tuple(self._waiting):
                rows += len(batch)
                width = max(len(request.tokens) for request in batch)
                every.append([*_Running(len(batch), width, 0, 0).work(each)])
            return Load(done, _rounded(Work(0, 0), *every), rows)


def _rounded(*works: Sequence[float]) -> Work:
    """The sum of works."""
    return Work(*(round(sum(each)) for each in zip(*works, strict=True)))


def counted(load: BatchLoad, ends: Sequence[int], *, beams: int) -> Any:
    """A stopping criterion that stops nothing, and tells ``load`` of each step of a batch.

    Of beams it is not known which of them end a row.
    """
    import torch
    from transformers import StoppingCriteria

    class Counted(StoppingCriteria):  # type: ignore[misc]
        def __init__(self) -> None:
            self._ended: Any = None

        def __call__(self, ids: Any, _scores: Any, **_: Any) -> Any:
            going = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
            if self._ended is None:
                self._ended = going.clone()
            if beams == 1:
                self._ended |= torch.isin(ids[:, -1], torch.tensor(ends, device=ids.device))
            load.step(int((~self._ended).sum()))
            return going

    return Counted()
