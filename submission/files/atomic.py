"""Files and folders that appear whole or not at all.

Everything is built under a temporary name next to its destination and renamed into place once it
is on disk: a reader never meets half a file, and an interrupted run leaves the old one intact.
"""

import errno
import fcntl
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, overload

from submission.errors import InputError
from submission.files.named import named

_TEMPORARY = re.compile(r"\.leaderkit-(\d+)-[0-9a-f]+\.tmp")
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_TIME_TO_LOCK = 60.0


def write_bytes(path: str | Path, data: bytes) -> None:
    """Replace the file at ``path`` by ``data``; raises what `atomic_file` raises."""
    with atomic_file(path) as handle:
        handle.write(data)


@overload
def atomic_file(
    path: str | Path, mode: Literal["wb"] = "wb"
) -> AbstractContextManager[IO[bytes]]: ...
@overload
def atomic_file(path: str | Path, mode: Literal["w"]) -> AbstractContextManager[IO[str]]: ...
def atomic_file(
    path: str | Path, mode: Literal["wb", "w"] = "wb"
) -> AbstractContextManager[IO[Any]]:
    """Open a temporary file that takes the place of ``path`` when the block ends well.

    Missing parent folders are created; a symbolic link is written through. Text (``"w"``) is
    UTF-8 with newlines as given. On any exception the temporary file is removed and ``path``
    stays as it was.

    Raises:
        InputError: a folder or a device is in the way, the folder cannot be written to, or the
            disk is full.
    """
    return _atomic_file(path, mode)


@contextmanager
def _atomic_file(path: str | Path, mode: Literal["wb", "w"]) -> Iterator[IO[Any]]:
    target = Path(os.path.realpath(named(path)))
    if target.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file")
    if target.exists() and not target.is_file():
        raise InputError(f"{path}: is not a regular file; give the name of a file")
    with _reasons(path):
        temporary = _temporary_beside(target)
        descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        _lock(descriptor)
        encoding, newline = (None, None) if mode == "wb" else ("utf-8", "")
        with (
            _reasons(path, only=_NO_ROOM),
            open(descriptor, mode, encoding=encoding, newline=newline, closefd=False) as handle,
        ):
            yield handle
        with _reasons(path):
            os.fsync(descriptor)
            temporary.replace(target)
        _sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)
        os.close(descriptor)


@contextmanager
def atomic_folder(path: str | Path) -> Iterator[Path]:
    """Yield a temporary folder that becomes ``path`` when the block ends well.

    Missing parent folders are created. On any exception the temporary folder is removed, with
    all that is in it.

    Raises:
        InputError: ``path`` is a file, a mount point or a folder that is not empty, the folder
            above it cannot be written to, or the disk is full.
    """
    target = Path(os.path.realpath(named(path)))
    with _reasons(path):
        refuse_occupied(path)
        temporary = _temporary_beside(target)
        temporary.mkdir()
    try:
        descriptor = os.open(temporary, os.O_RDONLY | os.O_DIRECTORY)
        try:
            _lock(descriptor)
            with _room_for(path):
                yield temporary
            with _reasons(path):
                sync_tree(temporary)
                refuse_occupied(path)
                temporary.rename(target)
        finally:
            os.close(descriptor)
        _sync_folder(target.parent)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def refuse_occupied(path: str | Path) -> None:
    """Raise :class:`InputError` where :func:`atomic_folder` could not make ``path``."""
    target = Path(os.path.realpath(named(path)))
    if not target.exists():
        return
    if not target.is_dir():
        raise InputError(f"{path}: is a file; give the name of a new folder")
    if any(target.iterdir()):
        raise InputError(f"{path}: the folder is not empty; empty it, or give another name")
    if target.is_mount():
        raise InputError(f"{path}: is a mount point; give the name of a folder inside it")


def is_temporary(path: Path) -> bool:
    """Whether ``path`` is what a process that was killed may leave behind, to be swept."""
    return _TEMPORARY.fullmatch(path.name) is not None


def sweep(folder: Path) -> None:
    """Remove what processes that died while writing here left behind."""
    with suppress(OSError):
        for entry in list(folder.iterdir()):
            match = _TEMPORARY.fullmatch(entry.name)
            if match and _abandoned(entry, int(match[1])):
                _remove_if_unlocked(entry)


def no_room(error: BaseException) -> bool:
    """Whether ``error`` says that a disk is full, or a file larger than it may be.

    Libraries that write weights raise errors of their own; the reason is in their words.
    """
    if isinstance(error, OSError):
        return error.errno in _NO_ROOM
    text = str(error)
    # torch's writer, and what it says on closing a file that it could not write to its end.
    words = ["PytorchStreamWriter failed", "unexpected pos", *map(os.strerror, _NO_ROOM)]
    return any(each in text for each in words)


@contextmanager
def _room_for(path: str | Path) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        if no_room(error):
            raise InputError(f"{path}: cannot be written: no room left on the disk") from error
        raise


@contextmanager
def _reasons(path: str | Path, only: frozenset[int] | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if only is not None and error.errno not in only:
            raise
        raise InputError(f"{path}: cannot be written: {error.strerror or error}") from error


def _temporary_beside(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    sweep(target.parent)
    # The target's own name is left out: with it, a long Korean name would pass the 255-byte limit.
    return target.parent / f".leaderkit-{os.getpid()}-{secrets.token_hex(6)}.tmp"


def _abandoned(entry: Path, pid: int) -> bool:
    # After a container restarts, its process ids come back; an old temporary whose lock is free
    # is abandoned whoever has its id now. A young one may be about to be locked.
    return not _alive(pid) or time.time() - entry.lstat().st_mtime > _TIME_TO_LOCK


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    # Where nothing takes the dead away, as in many containers, they keep their ids and no lock.
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b") ")[2][:1] not in (b"Z", b"X")
    return True


def _remove_if_unlocked(entry: Path) -> None:
    # A writer in another container has a process id that means nothing here; its lock does.
    with suppress(OSError):
        descriptor = os.open(entry, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        finally:
            os.close(descriptor)


def _lock(descriptor: int) -> None:
    # Some network file systems have no locks; the process id in the name then has to do.
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def sync_tree(root: Path) -> None:
    """Put every file under ``root`` on disk, so that a power cut leaves it whole."""
    for folder, _, names in os.walk(root):
        for name in names:
            file = Path(folder, name)
            if file.is_file() and not file.is_symlink():
                _sync(file)
        _sync_folder(Path(folder))


def _sync_folder(folder: Path) -> None:
    # Some file systems refuse to sync a folder; what was renamed is in place all the same.
    with suppress(OSError):
        _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
