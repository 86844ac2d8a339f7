"""Bytes that lie in one file or in several, read where they are.

A :class:`Run` is picklable and can be cut and joined without a byte being copied, so that a ZIP
archive can be read inside a tar, and one that was split into parts without joining them on disk.
"""

from __future__ import annotations

import io
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from submission.errors import InputError

if TYPE_CHECKING:
    from baselines.corpus.archives.packed import Packed

_PART = re.compile(r"(?P<whole>.+)\.part(?P<offset>\d+)", re.DOTALL)


class Stretch(NamedTuple):
    """Some bytes of a file on disk, or of what comes out of a compressed one."""

    origin: str | Packed
    start: int
    length: int


@dataclass(frozen=True)
class Run:
    """Stretches, one behind the other."""

    stretches: tuple[Stretch, ...]

    @classmethod
    def of_file(cls, path: str, size: int) -> Run:
        """A whole file."""
        return cls((Stretch(path, 0, size),))

    @property
    def size(self) -> int:
        """How many bytes it is."""
        return sum(stretch.length for stretch in self.stretches)

    def cut(self, start: int, length: int) -> Run:
        """``length`` bytes from ``start``."""
        found = []
        for origin, begin, size in self.stretches:
            if start < size and length > 0:
                taken = min(size - start, length)
                found.append(Stretch(origin, begin + start, taken))
                length -= taken
                start = 0
            else:
                start -= size
        return Run(tuple(found))

    def open(self) -> io.BufferedReader:
        """A reader that can seek."""
        return io.BufferedReader(_Reader(self), 1 << 18)


class Descriptor:
    """An open file, closed when nothing refers to it any more."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class _Reader(io.RawIOBase):
    # Positions are its own (pread), so that forked workers can share the files that are open.
    def __init__(self, run: Run) -> None:
        self._run = run
        self._size = run.size
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("a place before the beginning")
        self._at = base + offset
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        place = self._at
        for origin, start, length in self._run.stretches:
            if place < length:
                view = memoryview(buffer)[: length - place]
                read = os.preadv(_descriptor(origin).number, [view], start + place)
                self._at += read
                return read
            place -= length
        return 0


@lru_cache(maxsize=32)
def _descriptor(origin: str | Packed) -> Descriptor:
    if isinstance(origin, str):
        return Descriptor(os.open(origin, os.O_RDONLY | os.O_CLOEXEC))
    return Descriptor(origin.unpacked())


def whole_of(packed: Packed) -> Run:
    """All that compressed bytes unpack to, from a place where it can be read in any order."""
    return Run((Stretch(packed, 0, os.fstat(_descriptor(packed).number).st_size),))


def is_part(name: str) -> bool:
    """Whether a file of that name is one part of a larger one."""
    return _PART.fullmatch(name) is not None


def join_parts(where: str, runs: Mapping[str, Run]) -> dict[str, Run]:
    """``runs`` by name, with ``NAME.part0``, ``NAME.part1073741824``, … as the one file ``NAME``.

    The number is the byte at which a part begins, or its place among the parts. Raises
    :class:`InputError` where a part is missing.
    """
    found: dict[str, Run] = {}
    parts: defaultdict[str, dict[int, Run]] = defaultdict(dict)
    for name, run in runs.items():
        if match := _PART.fullmatch(name):
            parts[match["whole"]][int(match["offset"])] = run
        else:
            found[name] = run
    for whole, numbered in parts.items():
        offsets = sorted(numbered)
        _refuse_gaps(f"{where}{whole}", offsets, [numbered[each].size for each in offsets])
        found[whole] = Run(
            tuple(stretch for each in offsets for stretch in numbered[each].stretches)
        )
    return found


def _refuse_gaps(whole: str, offsets: Sequence[int], sizes: Iterable[int]) -> None:
    if offsets[0] in (0, 1) and list(offsets) == list(range(offsets[0], offsets[0] + len(offsets))):
        return
    expected = 0
    for offset, size in zip(offsets, sizes, strict=True):
        if offset != expected:
            raise InputError(
                f"{whole}: the part that begins at byte {expected:,} ({whole}.part{expected}) is "
                f"missing or has another size: the next one is .part{offset}. Download the parts "
                "again"
            )
        expected += size
