"""Bytes at a place of a member."""

from __future__ import annotations

from baselines.corpus.readers.base import Member


def read(member: Member, start: int, stop: int) -> bytes:
    """The bytes from ``start`` to ``stop``, or to the end of the member."""
    stop = min(stop, member.size)
    if stop <= start:
        return b""
    with member.open() as file:
        file.seek(start)
        return file.read(stop - start)
