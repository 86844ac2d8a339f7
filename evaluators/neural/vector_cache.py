"""Token vectors kept on disk between runs, in files that never change and a bounded folder."""

from __future__ import annotations

import logging
import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

_LOG: Final = logging.getLogger(__name__)
_LAYOUT: Final = "1"
_TENSORS: Final = ("keys", "starts", "cut", "ids", "vectors")
_SUFFIX: Final = ".safetensors"
_UNFINISHED: Final = ".unfinished"
_KEY_BYTES: Final = 16
_HEADER_BYTES: Final = 1024
_ABANDONED_S: Final = 3600.0


class TextVectors(NamedTuple):
    """One text: its token ids, unit vectors ``(tokens, width)``, and whether it was cut."""

    ids: torch.Tensor
    vectors: torch.Tensor
    cut: bool


@dataclass
class _Shard:
    path: Path
    ids: torch.Tensor
    vectors: torch.Tensor
    starts: list[int]
    cut: list[bool]
    used: bool = False


def cache_home() -> Path:
    """Return the user's cache folder of this program (XDG Base Directory Specification)."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    if Path(given).is_absolute():
        return Path(given) / "leaderkit"
    base = "Library/Caches" if sys.platform == "darwin" else ".cache"
    return Path.home() / base / "leaderkit"


@dataclass
class VectorCache:
    """The vectors that one encoder gave, by text.

    ``fingerprint`` is all that decides them; encoders share a folder without meeting each other's.
    A file is written under another name, flushed and renamed, and never changed after, so any
    number of processes may read and write at once; what two of them both compute is kept twice.

    No more than ``limit`` bytes are kept, all encoders together. Files used least recently make
    room, but never for more of what this cache has used itself: a run too large to be kept whole
    keeps its first part. Nothing here raises: what cannot be read is computed again, what cannot
    be written is not kept.
    """

    folder: Path
    fingerprint: str
    limit: int
    _places: dict[bytes, tuple[int, int]] = field(default_factory=dict, repr=False)
    _shards: list[_Shard] = field(default_factory=list, repr=False)
    _warned: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        for path in sorted(self.folder.glob(f"{self._prefix}-*{_SUFFIX}")):
            self._read(path)

    def get(self, text: str) -> TextVectors | None:
        """Return a text's vectors, None where they are not kept."""
        found = self._places.get(_key(text))
        if found is None:
            return None
        shard, place = self._shards[found[0]], found[1]
        if not shard.used:
            shard.used = True
            with suppress(OSError):
                os.utime(shard.path)
        tokens = slice(shard.starts[place], shard.starts[place + 1])
        return TextVectors(shard.ids[tokens], shard.vectors[tokens], shard.cut[place])

    def add(
        self,
        texts: Sequence[str],
        starts: Sequence[int],
        cut: Sequence[bool],
        ids: torch.Tensor,
        vectors: torch.Tensor,
    ) -> None:
        """Keep texts whose tokens lie end to end; text n's begin at ``starts[n]``."""
        import torch

        tensors = {
            "keys": torch.frombuffer(bytearray(b"".join(map(_key, texts))), dtype=torch.uint8),
            "starts": torch.tensor([*starts, len(ids)], dtype=torch.int64),
            "cut": torch.tensor(cut, dtype=torch.bool),
            "ids": ids.contiguous(),
            "vectors": vectors.contiguous(),
        }
        size = sum(tensor.nbytes for tensor in tensors.values()) + _HEADER_BYTES
        try:
            if not self._make_room(size):
                self._warn_once(
                    "%s may hold %d MiB, and this run's vectors need more: the rest is not cached",
                    self.folder,
                    self.limit >> 20,
                )
                return
            path = self._write(tensors)
        except OSError as error:
            self._warn_once("vectors cannot be cached in %s: %s", self.folder, error)
            return
        self._read(path, used=True)

    @property
    def _prefix(self) -> str:
        return blake2b(f"{_LAYOUT}|{self.fingerprint}".encode(), digest_size=8).hexdigest()

    def _read(self, path: Path, *, used: bool = False) -> None:
        from safetensors import SafetensorError, safe_open

        try:
            # The file is mapped: pages are read when a text is asked for.
            with safe_open(path, framework="pt") as file:
                held = {name: file.get_tensor(name) for name in _TENSORS}
            starts = held["starts"].tolist()
            cut = held["cut"].tolist()
            shard = _Shard(path, held["ids"], held["vectors"], starts, cut, used)
            keys = held["keys"].numpy().tobytes()
        except FileNotFoundError:
            return  # Another process has just dropped it.
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            _LOG.warning("cached vectors in %s cannot be read and are dropped: %s", path, error)
            with suppress(OSError):
                path.unlink(missing_ok=True)
            return
        for place in range(len(starts) - 1):
            key = keys[place * _KEY_BYTES : (place + 1) * _KEY_BYTES]
            self._places[key] = (len(self._shards), place)
        self._shards.append(shard)

    def _write(self, tensors: dict[str, torch.Tensor]) -> Path:
        from safetensors.torch import save_file

        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{self._prefix}-{uuid4().hex}{_SUFFIX}"
        unfinished = path.with_suffix(_UNFINISHED)
        try:
            save_file(tensors, unfinished)
            with unfinished.open("rb+") as file:
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        return path

    def _make_room(self, size: int) -> bool:
        """Drop what was used least recently until ``size`` more bytes fit; false if they cannot."""
        held: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("*"):
            with suppress(FileNotFoundError):
                status = path.stat()
                if path.suffix == _SUFFIX:
                    held.append((status.st_mtime, status.st_size, path))
                elif path.suffix == _UNFINISHED and status.st_mtime < time.time() - _ABANDONED_S:
                    path.unlink()
        own = {shard.path for shard in self._shards if shard.used}
        if size + sum(each for _, each, path in held if path in own) > self.limit:
            return False
        total = size + sum(each for _, each, _ in held)
        for _, each, path in sorted(held):
            if total <= self.limit:
                break
            if path not in own:
                path.unlink(missing_ok=True)
                total -= each
        return True

    def _warn_once(self, message: str, *values: object) -> None:
        if not self._warned:
            self._warned = True
            _LOG.warning(message, *values)


def _key(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).digest()
