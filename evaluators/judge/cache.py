"""Replies by what was asked, kept so that the same question is asked once."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec

from evaluators.errors import EvaluationError
from evaluators.paths import local_path

_SEPARATOR: Final = "\x1f"


class _Line(msgspec.Struct):
    key: str
    reply: str


class ReplyCache:
    """Replies by what was asked, in memory and, where a file is named, in a JSONL file too.

    Every reply is appended as one line at once; a line torn by a crash is asked for again. Raises
    EvaluationError where the file cannot be read or written.
    """

    def __init__(self, file: str | None = None) -> None:
        self._replies: dict[str, str] = {}
        self._path = local_path(file) if file is not None else None
        if self._path is not None:
            self._read(self._path)

    def get(self, key: str) -> str | None:
        """Return the reply to what ``key`` stands for, None where there is none."""
        return self._replies.get(key)

    def put(self, key: str, reply: str) -> None:
        """Keep a reply. Raises EvaluationError where the file cannot be written."""
        self._replies[key] = reply
        if self._path is None:
            return
        try:
            with self._path.open("ab") as out:
                out.write(msgspec.json.encode(_Line(key, reply)) + b"\n")
        except OSError as error:
            raise EvaluationError(
                f"judge: the cache {self._path} cannot be written: {error.strerror}"
            ) from error

    def _read(self, path: Path) -> None:
        if not path.exists():
            return
        try:
            content = path.read_bytes()
        except OSError as error:
            raise EvaluationError(
                f"judge: the cache {path} cannot be read: {error.strerror}"
            ) from error
        decoder = msgspec.json.Decoder(_Line)
        for line in content.splitlines():
            try:
                found = decoder.decode(line)
            except msgspec.DecodeError:
                continue
            self._replies[found.key] = found.reply
        if content and not content.endswith(b"\n"):
            # The next line must not join a torn one.
            with path.open("ab") as out:
                out.write(b"\n")


def reply_key(*parts: str) -> str:
    """Return the key of a request made of these parts, such as model, settings and prompt."""
    return sha256(_SEPARATOR.join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()
