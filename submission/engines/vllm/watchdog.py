"""An end to waiting for an engine that does nothing more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class Watchdog:
    """Calls ``end`` once ``work`` has told the same for ``seconds``, in a thread of its own.

    The thread that asks the engine may wait in it for good, so ``end`` has to make that return.
    ``expired`` tells whether it was called.
    """

    def __init__(self, seconds: float, work: Callable[[], object], end: Callable[[], None]) -> None:
        self._seconds, self._work, self._end = seconds, work, end
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.expired = False

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._over.set()

    def _watch(self) -> None:
        looks = 20
        before, same = self._look(), 0
        while same < looks:
            if self._over.wait(self._seconds / looks):
                return
            now = self._look()
            same = same + 1 if now == before else 0
            before = now
        self.expired = True
        self._end()

    def _look(self) -> object:
        try:
            return self._work()
        except RuntimeError:  # what is looked at changed meanwhile, so there is progress
            return object()
