"""A function of bytes in a process of its own, with a limit on time and on memory.

A page, a PDF or a document may be made to keep its reader busy for ever. The process ends itself
when it has used its time, and another takes its place.
"""

from __future__ import annotations

import atexit
import importlib
import os
import resource
import signal
import subprocess
import sys
from functools import lru_cache
from typing import Any, BinaryIO

import msgspec

from submission.errors import InputError

SECONDS = 5.0
"""Seconds of processor time for one page; a busy machine does not use them up."""
MEMORY = 1536 << 20
"""Bytes of address space, the interpreter's own among them."""
_LENGTH = 8


class Isolated:
    """``module:function`` in a process of its own, which is started when it is first needed."""

    def __init__(self, target: str, seconds: float = SECONDS, memory: int = MEMORY) -> None:
        self._command = [
            *(sys.executable, "-m", "submission.documents.isolated"),
            *(target, str(seconds), str(memory)),
        ]
        self._seconds = seconds
        self._memory = memory
        self._process: subprocess.Popen[bytes] | None = None

    def __call__(self, data: bytes, hint: str = "") -> Any:
        """What the function makes of ``data``, as JSON values.

        Raises :class:`InputError` where it raises ValueError, or comes to its limits; no file is
        named.
        """
        process = self._started()
        if process.stdin is None or process.stdout is None:
            raise AssertionError("a process without pipes")
        try:
            _send(process.stdin, hint.encode())
            _send(process.stdin, data)
            answer = _receive(process.stdout)
        except BrokenPipeError:
            answer = None
        if answer is None:
            raise self._ended()
        result, error = msgspec.json.decode(answer)
        if error is not None:
            raise InputError(error)
        return result

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _started(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                start_new_session=True,
            )
        return self._process

    def _ended(self) -> InputError:
        code = None if self._process is None else self._process.wait()
        self.close()
        if code == -signal.SIGPROF:
            return InputError(
                f"takes more than {self._seconds:g} s to read, as one that is made to; it is left "
                "out"
            )
        return InputError(
            f"ended the process that read it (signal or exit code {code}), as one does that needs "
            f"more than {self._memory >> 20} MiB of memory; it is left out"
        )


@lru_cache(maxsize=8)
def _of_process(
    target: str,
    seconds: float,
    process: int,  # noqa: ARG001 -- a fork has its own
) -> Isolated:
    found = Isolated(target, seconds)
    atexit.register(found.close)
    return found


def isolated(target: str, seconds: float = SECONDS) -> Isolated:
    """``module:function`` in this process's own helper."""
    return _of_process(target, seconds, os.getpid())


def _send(file: Any, data: bytes) -> None:
    file.write(len(data).to_bytes(_LENGTH, "little"))
    file.write(data)
    file.flush()


def _receive(file: Any) -> bytes | None:
    length = file.read(_LENGTH)
    if len(length) < _LENGTH:
        return None
    size = int.from_bytes(length, "little")
    data: bytes = file.read(size)
    return data if len(data) == size else None


def _serve(target: str, seconds: float, memory: int) -> None:
    module, _, name = target.partition(":")
    function = getattr(importlib.import_module(module), name)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    requests, answers = sys.stdin.buffer, _only_for_answers()
    while (hint := _receive(requests)) is not None:
        data = _receive(requests)
        if data is None:
            return
        signal.setitimer(signal.ITIMER_PROF, seconds)
        try:
            answer = msgspec.json.encode((function(data, hint.decode()), None))
        except ValueError as error:
            answer = msgspec.json.encode((None, str(error)))
        except (MemoryError, RecursionError):
            answer = msgspec.json.encode(
                (None, f"needs more than {memory >> 20} MiB of memory to read; it is left out")
            )
        signal.setitimer(signal.ITIMER_PROF, 0)
        _send(answers, answer)


def _only_for_answers() -> BinaryIO:
    # What a library prints must not get between the answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answers


if __name__ == "__main__":
    _serve(sys.argv[1], float(sys.argv[2]), int(sys.argv[3]))
