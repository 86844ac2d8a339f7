"""A person's decisions, each on disk before the next question is asked."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import Any, Self

from submission.errors import InputError, locate


class Journal:
    """Decisions in a file of JSON lines that only grows; for one process at a time.

    Each line decides a key, such as ``{"key": "…", "choice": 2}``, with null for a prompt that
    was skipped, or takes the last decision back, ``{"undo": "…"}``.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._decided: dict[str, int | None] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o666)
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror}.") from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._read()
        except BlockingIOError:
            os.close(self._file)
            raise InputError(
                f"{path}: another prefer command is using this file; wait for it, or end it."
            ) from None
        except BaseException:
            os.close(self._file)
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._file)

    @property
    def decided(self) -> dict[str, int | None]:
        """The choice for every decided key, in the order of the decisions."""
        return dict(self._decided)

    def decide(self, key: str, choice: int | None) -> None:
        """Keep a decision, durably."""
        self._append({"key": key, "choice": choice})
        self._set(key, choice)

    def undo(self) -> bool:
        """Take the last decision back, durably; False where there is none."""
        if not self._decided:
            return False
        last = next(reversed(self._decided))
        self._append({"undo": last})
        del self._decided[last]
        return True

    def _append(self, line: dict[str, Any]) -> None:
        data = json.dumps(line).encode() + b"\n"
        try:
            if os.write(self._file, data) != len(data):
                raise InputError(f"{self.path}: the disk is full; this decision was not saved.")
            os.fsync(self._file)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written: {error.strerror}.") from None

    def _read(self) -> None:
        data = self.path.read_bytes()
        # A line without its end was being written when the machine went down.
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.ftruncate(self._file, len(whole))
        for number, line in enumerate(whole.splitlines(), start=1):
            self._apply(line, number)

    def _apply(self, line: bytes, number: int) -> None:
        try:
            entry = json.loads(line)
            if "undo" in entry:
                del self._decided[entry["undo"]]
                return
            key, choice = entry["key"], entry["choice"]
            valid = isinstance(key, str) and (choice is None or isinstance(choice, int))
        except (ValueError, KeyError, TypeError):
            valid = False
        if not valid:
            raise InputError(
                f"{locate(self.path, number)}: is not a decision. Remove the line, or give another "
                "--out."
            )
        self._set(key, choice)

    def _set(self, key: str, choice: int | None) -> None:
        # Decided anew, it is the last decision again.
        self._decided.pop(key, None)
        self._decided[key] = choice
