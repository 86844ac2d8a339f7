"""How far long work is, told to whoever listens.

A metric says what it begins and what is done; where nobody listens that costs nothing.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator


class Listener(Protocol):
    """What is told."""

    def begin(self, total: int, unit: str) -> None:
        """Work of ``total`` rows, texts or replies begins; what was told before is over."""
        ...

    def advance(self, count: int) -> None:
        """So many more are done."""
        ...


_LISTENER: Final[ContextVar[Listener | None]] = ContextVar("listener", default=None)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have ``listener`` told what this thread works on within the block."""
    token = _LISTENER.set(listener)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def begin(total: int, unit: str) -> None:
    """Tell that work of ``total`` units begins."""
    listener = _LISTENER.get()
    if listener is not None:
        listener.begin(total, unit)


def advance(count: int) -> None:
    """Tell that ``count`` more units are done."""
    listener = _LISTENER.get()
    if listener is not None:
        listener.advance(count)
