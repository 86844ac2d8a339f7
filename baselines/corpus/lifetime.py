"""Processes that end when the command does, however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import sys


def end_with(owner: int) -> None:
    """To be called in a new process: end when process ``owner``, its parent, is killed.

    Ctrl-C is the parent's affair.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":  # a worker whose owner is killed would wait for ever
        ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != owner:
        os._exit(1)
