"""Engine processes that end with the process that started them, however it ends.

vLLM's engine core keeps running when its parent is killed. Linux can signal a child at its
parent's death (``prctl``); vLLM calls :func:`attach`, a ``vllm.general_plugins`` entry point, in
every process it spawns, and :func:`hold` covers those it forks.
"""

from __future__ import annotations

import atexit
import ctypes
import os
import signal
import sys
import threading

OWNER = "LEADERKIT_ENGINE_OWNER"
_PR_SET_PDEATHSIG = 1
_held = False


def hold() -> None:
    """Let every process started from now on end with this one. Call in the main thread."""
    global _held
    os.environ[OWNER] = str(os.getpid())
    if not _held:
        os.register_at_fork(after_in_child=_end_with_parent)
        _held = True


def attach() -> None:
    """Called in processes that vLLM starts; does nothing outside leaderkit's own engines."""
    owner = os.environ.get(OWNER)
    if owner is None or int(owner) == os.getpid():
        return
    _end_with_parent()
    # The owner may have died while this process was still importing.
    if not _alive(int(owner)):
        os._exit(1)
    # Ctrl-C reaches every process of a terminal; the owner decides what ends.
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    atexit.register(_leave)


def _end_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _leave() -> None:
    """End at once: taking down an interpreter full of modules takes seconds, and vLLM waits."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
