"""What files and folders hash to."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from submission.files.model_files import weight_files

_BLOB = re.compile(r"^[0-9a-f]{64}$")


def folder_digest(folder: Path, hash_file: Callable[[Path], str]) -> str:
    """SHA-256 over the names and hashes of :func:`weight_files`."""
    return digest(f"{path.name}:{hash_file(path)}" for path in weight_files(folder))


def digest(parts: Iterable[str]) -> str:
    """SHA-256 (hex) of the parts, each ended by a newline."""
    total = hashlib.sha256()
    for part in parts:
        total.update(part.encode())
        total.update(b"\n")
    return total.hexdigest()


def sha256_file(path: Path) -> str:
    """SHA-256 (hex) of a file; a hub cache's blob is already named by it."""
    target = path.resolve()
    if _BLOB.match(target.name):
        return target.name
    with target.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
