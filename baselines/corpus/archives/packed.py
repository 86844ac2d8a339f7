"""Compressed bytes: read as they unpack, or unpacked to a place without a name."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import IO, Any, BinaryIO, Literal, cast

from baselines.corpus.archives.joined import Run
from submission.errors import InputError
from submission.files.atomic import no_room

Kind = Literal["zip", "tar", "gzip", "bzip2", "xz"]

LARGE = 16 << 20
"""Bytes of a compressed file that is unpacked once, to a temporary file, when it is read."""
_BLOCK = 1 << 20
_READERS: dict[Kind, Any] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


@dataclass(frozen=True)
class Limits:
    """What an archive may be; beyond it, it is taken for a bomb."""

    ratio: int = 200
    """Bytes unpacked for each packed one, where more than ``free`` come out."""
    free: int = 64 << 20
    total: int = 4 << 40
    """Bytes of all members together."""
    members: int = 2_000_000
    depth: int = 4
    """Archives inside one another."""


LIMITS = Limits()


@dataclass(frozen=True)
class Packed:
    """Compressed bytes: a member of the ZIP archive ``archive``, or all of it."""

    archive: Run
    kind: Kind
    header: int = 0
    """Where the member's header is in a ZIP archive."""
    label: str = ""
    """What messages call it."""
    limits: Limits = LIMITS

    def open(self) -> BinaryIO:
        """What it unpacks to."""
        if self.kind == "zip":
            opened = zip_of(self.archive)
            try:
                source: Any = opened.file.open(opened.members[self.header])
            except (zipfile.BadZipFile, OSError) as error:
                raise InputError(
                    f"{self.label}: is damaged: {error}. Download the archive again"
                ) from None
        else:
            source = _READERS[self.kind](self.archive.open())
        return cast(BinaryIO, io.BufferedReader(_Checked(source, self.label), 1 << 18))

    def unpacked(self) -> int:
        """The descriptor of a file without a name that holds it all."""
        # Archives inside compressed ones are read from their end, which compression forbids.
        try:
            with self.open() as source, tempfile.TemporaryFile(prefix="leaderkit-") as target:
                self._copy(source, target)
                target.flush()
                return os.dup(target.fileno())
        except OSError as error:
            if not no_room(error):
                raise
            raise InputError(
                f"{self.label}: unpacking it leaves no room in {tempfile.gettempdir()}; make room "
                "there, or set TMPDIR to a folder with room"
            ) from None

    def _copy(self, source: IO[bytes], target: IO[bytes]) -> None:
        most = max(self.limits.free, self.limits.ratio * self.archive.size)
        written = 0
        while block := source.read(_BLOCK):
            written += len(block)
            if written > most:
                raise bomb(self.label, written, self.archive.size)
            target.write(block)


@dataclass
class OpenZip:
    """A ZIP archive that is open, and its members by where their headers are."""

    file: zipfile.ZipFile
    members: dict[int, zipfile.ZipInfo]


@lru_cache(maxsize=16)
def zip_of(run: Run) -> OpenZip:
    """The ZIP archive in ``run``, opened once."""
    file = zipfile.ZipFile(run.open())
    return OpenZip(file, {info.header_offset: info for info in file.infolist()})


def bomb(label: str, size: int, packed: int) -> InputError:
    """What is said of an archive that unpacks to far more than it is."""
    return InputError(
        f"{label}: {packed:,} bytes unpack to {size:,} or more, as in an archive that is made to "
        "fill a disk. It is not read: unpack it yourself if you trust it, and give the folder"
    )


class _Checked(io.RawIOBase):
    """Says in words of ours what is wrong with compressed bytes."""

    def __init__(self, source: IO[bytes], label: str) -> None:
        self._source = source
        self._label = label

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        place: int = self._try(self._source.seek, offset, whence)
        return place

    def tell(self) -> int:
        return self._source.tell()

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data: bytes = self._try(self._source.read, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _try(self, do: Any, *given: int) -> Any:
        try:
            return do(*given)
        except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError) as error:
            raise InputError(
                f"{self._label}: is damaged: {error}. Download the archive again"
            ) from None

    def close(self) -> None:
        if not self.closed:
            self._source.close()
        super().close()
