"""SIGTERM and SIGHUP end a command in the way that Ctrl-C does: what was finished is kept."""

from __future__ import annotations

import os
import signal
from types import FrameType

_WORDS = {
    signal.SIGINT: "Interrupted",
    signal.SIGTERM: "Terminated",
    signal.SIGHUP: "Hung up",
}
_received = signal.SIGINT
_owner = 0


def listen() -> None:
    """Take both for Ctrl-C from now on, unless the command's parent wants them ignored (nohup)."""
    global _owner
    _owner = os.getpid()
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _interrupt)


def ended_by() -> tuple[int, str]:
    """The exit code of a command that was ended (130, 143 or 129), and what to say of it."""
    return 128 + _received, _WORDS[_received]


def _interrupt(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    global _received
    if os.getpid() != _owner:  # a forked helper, which nobody asks for results
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)
        return
    _received = signal.Signals(number)
    # What waits in compiled code listens to this one.
    signal.raise_signal(signal.SIGINT)
