"""Bytes at a place of a member: read there, or from a copy where it is compressed."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Hashable
from functools import lru_cache
from pathlib import Path
from typing import cast

from baselines.corpus.readers.base import Member
from submission.errors import InputError
from submission.files.atomic import no_room

WHOLE = 16 << 20
"""Bytes of a compressed member that is unpacked each time it is read."""


class _Copy:
    """A file without a name; open in the workers too, which are forked."""

    def __init__(self, member: Member) -> None:
        self._file = tempfile.TemporaryFile(prefix="leaderkit-")  # noqa: SIM115 -- kept
        try:
            with member.open() as source:
                shutil.copyfileobj(source, self._file, 1 << 20)
            self._file.flush()
        except OSError as error:
            if not no_room(error):
                raise
            raise InputError(
                f"{member.name}: unpacking it leaves no room in {tempfile.gettempdir()}; make "
                "room there, or set TMPDIR to a folder with room"
            ) from None

    def read(self, start: int, stop: int) -> bytes:
        """Some of it."""
        return os.pread(self._file.fileno(), stop - start, start)


@lru_cache(maxsize=64)
def _copy(member: Hashable) -> _Copy:
    return _Copy(cast("Member", member))


def read(member: Member, start: int, stop: int) -> bytes:
    """The bytes from ``start`` to ``stop``, or to the end of the member."""
    stop = min(stop, member.size)
    if stop <= start:
        return b""
    if member.path is not None:
        return _read_file(member.path, start, stop)
    if member.size > WHOLE and start:
        return _copy(cast("Hashable", member)).read(start, stop)
    with member.open() as file:
        file.seek(start)
        return file.read(stop - start)


def _read_file(path: Path, start: int, stop: int) -> bytes:
    with path.open("rb") as file:
        file.seek(start)
        return file.read(stop - start)
