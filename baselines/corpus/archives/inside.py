"""What an archive holds: names, sizes and where the bytes are, with nothing unpacked to disk.

Whatever an archive says of itself is checked before a byte of it is believed.
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from baselines.corpus.archives.joined import Run, is_part, whole_of
from baselines.corpus.archives.packed import LARGE, LIMITS, Kind, Limits, Packed, bomb, zip_of
from submission.errors import InputError

_SUFFIXES: dict[str, Kind] = {
    ".zip": "zip",
    ".tar": "tar",
    ".gz": "gzip",
    ".tgz": "gzip",
    ".bz2": "bzip2",
    ".xz": "xz",
}
_BEGINNINGS: dict[Kind, bytes] = {
    "zip": b"PK",
    "gzip": b"\x1f\x8b",
    "bzip2": b"BZh",
    "xz": b"\xfd7zXZ\x00",
}
_METHODS = frozenset({0, 8, 12, 14})
_LOCAL_HEADER = 30
_DRIVE = re.compile(r"[A-Za-z]:")
_UTF8_NAME, _ENCRYPTED = 0x800, 0x1


class Entry(NamedTuple):
    """A file inside an archive."""

    name: str
    size: int
    content: Run | Packed


def kind_of(name: str) -> Kind | None:
    """What kind of archive a file of that name is; None for a file that is none."""
    return _SUFFIXES.get(PurePosixPath(name.lower()).suffix)


def entries(label: str, run: Run, kind: Kind, limits: Limits = LIMITS) -> Iterator[Entry]:
    """The files in the archive called ``label``. Raises :class:`InputError` for a bad archive."""
    with run.open() as file:
        head = file.read(512)
    if not head:
        raise InputError(f"{label}: is empty; download it again")
    expected = _BEGINNINGS.get(kind)
    if expected is not None and not head.startswith(expected):
        raise InputError(
            f"{label}: is no {kind} archive: it begins with {head[:12]!r}. The download may have "
            "failed, or the file has another type than its name says"
        )
    match kind:
        case "zip":
            yield from _zip_entries(label, run, limits)
        case "tar":
            yield from _tar_entries(label, run)
        case _:
            yield from _unpacked_entry(label, run, kind, limits)


def safe_name(label: str, name: str) -> str:
    """A member's name with ``/`` between its folders and none before it.

    Raises :class:`InputError` for one that leads out of the archive.
    """
    told = name.replace("\\", "/").lstrip("/")
    if ".." in told.split("/") or _DRIVE.match(told) or "\0" in told:
        raise InputError(
            f"{label}: a member is called {name!r}, which leads out of the archive. It is not "
            "read: unpack what you trust into a folder and give that"
        )
    return told


def _zip_entries(label: str, run: Run, limits: Limits) -> Iterator[Entry]:
    try:
        opened = zip_of(run)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise InputError(
            f"{label}: cannot be read as a ZIP archive: {error}. It is cut off or damaged: "
            "download it again"
        ) from None
    infos = opened.file.infolist()
    _refuse_bombs(label, run, infos, limits)
    for info in infos:
        name = safe_name(label, _zip_name(info))
        if info.is_dir():
            continue
        if info.flag_bits & _ENCRYPTED:
            raise InputError(
                f"{label}: the member '{name}' is encrypted; unpack the archive with its "
                "password and give the folder"
            )
        if info.compress_type not in _METHODS:
            raise InputError(
                f"{label}: the member '{name}' is packed by method {info.compress_type} "
                "(9 is Deflate64), which cannot be read in place; unpack the archive with 7z and "
                "give the folder"
            )
        yield Entry(name, info.file_size, _content(label, run, info, name, limits))


def _content(
    label: str, run: Run, info: zipfile.ZipInfo, name: str, limits: Limits
) -> Run | Packed:
    in_any_order = kind_of(name) or is_part(name) or info.file_size > LARGE
    if info.compress_type == zipfile.ZIP_STORED and in_any_order:
        with run.open() as file:
            file.seek(info.header_offset)
            header = file.read(_LOCAL_HEADER)
        more = int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        return run.cut(info.header_offset + _LOCAL_HEADER + more, info.file_size)
    return Packed(run, "zip", info.header_offset, f"{label}!{name}", limits)


def _zip_name(info: zipfile.ZipInfo) -> str:
    if info.flag_bits & _UTF8_NAME or info.orig_filename.isascii():
        return info.orig_filename
    return _decoded(info.orig_filename.encode("cp437"), info.orig_filename)


def _decoded(data: bytes, otherwise: str) -> str:
    # Korean text in UTF-8 often passes for CP949, and CP949 next to never for UTF-8.
    for encoding in ("utf-8", "cp949"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return otherwise


def _refuse_bombs(label: str, run: Run, infos: list[zipfile.ZipInfo], limits: Limits) -> None:
    if len(infos) > limits.members:
        raise InputError(
            f"{label}: holds {len(infos):,} members; at most {limits.members:,} are read. Unpack "
            "it and give the folders one by one"
        )
    total = sum(info.file_size for info in infos)
    if total > limits.free and total > limits.ratio * run.size:
        raise bomb(label, total, run.size)
    for info in infos:
        if info.file_size > limits.free and info.file_size > limits.ratio * info.compress_size:
            raise bomb(f"{label}!{_zip_name(info)}", info.file_size, info.compress_size)
    end = 0
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < end:
            raise InputError(
                f"{label}: members lie over one another, as in an archive that is made to fill a "
                "disk. It is not read"
            )
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


def _tar_entries(label: str, run: Run) -> Iterator[Entry]:
    try:
        with tarfile.open(fileobj=run.open(), mode="r:", encoding="utf-8") as tar:
            for info in tar:
                yield from _tar_entry(label, run, info)
    except tarfile.TarError as error:
        raise InputError(
            f"{label}: cannot be read as a tar archive: {error}. It is cut off or damaged: "
            "download it again"
        ) from None


def _tar_entry(label: str, run: Run, info: tarfile.TarInfo) -> Iterator[Entry]:
    name = safe_name(label, _decoded(info.name.encode("utf-8", "surrogateescape"), info.name))
    if info.isdir():
        return
    if info.type not in tarfile.REGULAR_TYPES or info.issparse():
        raise InputError(
            f"{label}: the member '{name}' is a link, a device or a sparse file. It is not read: "
            "unpack what you trust into a folder and give that"
        )
    if info.offset_data + info.size > run.size:
        raise InputError(f"{label}: ends inside the member '{name}'; download it again")
    yield Entry(name, info.size, run.cut(info.offset_data, info.size))


def _unpacked_entry(label: str, run: Run, kind: Kind, limits: Limits) -> Iterator[Entry]:
    path = PurePosixPath(label.rpartition("!")[2])
    name = f"{path.stem}.tar" if path.suffix.lower() == ".tgz" else path.stem
    whole = whole_of(Packed(run, kind, label=label, limits=limits))
    yield Entry(name, whole.size, whole)
