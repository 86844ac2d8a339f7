"""Engines write a good deal to the terminal from several processes; this keeps it aside."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

_ERROR = re.compile(r"\b\w*Error\b.*")


class EngineLog:
    """An anonymous file that takes what an engine and its processes print.

    A process started inside :meth:`capture` keeps writing there; this process's own output is
    its own again afterwards.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 -- lives with the engine

    @contextmanager
    def capture(self) -> Iterator[None]:
        """Send standard output and error to the log while the block runs."""
        sys.stdout.flush()
        sys.stderr.flush()
        kept = [(descriptor, os.dup(descriptor)) for descriptor in (1, 2)]
        try:
            for descriptor, _ in kept:
                os.dup2(self._file.fileno(), descriptor)
            yield
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for descriptor, copy in kept:
                os.dup2(copy, descriptor)
                os.close(copy)

    def reason(self) -> str:
        """The last error in the log, without the log's own prefixes; empty if there is none."""
        self._file.seek(0)
        lines = self._file.read().decode(errors="replace").splitlines()
        errors = [
            found[0].strip()
            for line in lines
            if (found := _ERROR.search(line)) and "initialization failed" not in line
        ]
        return errors[-1][:300] if errors else ""
