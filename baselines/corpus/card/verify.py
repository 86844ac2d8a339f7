"""Whether a folder is what its manifest and its card say, file by file and record by record."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import xxhash

from baselines.corpus.batch import Dropped, Problem
from baselines.corpus.card.text import card_text, manifest_digest
from baselines.corpus.folder import (
    CARD,
    MANIFEST,
    Corpus,
    Manifest,
    PartFile,
    manifest_bytes,
    part_of,
    read_manifest,
)
from baselines.corpus.history import MOST_ORIGINS, Origin, origins, together
from baselines.corpus.record import Record
from submission import __version__
from submission.errors import InputError

BLOCK: Final = 4096
"""Records whose origins are counted together."""

MOST_IDS: Final = 20
"""Ids given twice that are named."""

_LINES: Final[dict[str, Any]] = {"dropped": Dropped, "problems": Problem}


class Fault(msgspec.Struct, frozen=True):
    """What is wrong with one file of the folder."""

    file: str
    message: str


@dataclass
class Verified:
    """What was looked at, and every fault."""

    files: int = 0
    rows: int = 0
    bytes: int = 0
    faults: list[Fault] = field(default_factory=list)

    def fault(self, file: str, message: str) -> None:
        """Note a fault."""
        self.faults.append(Fault(file, message))


def verify(folder: Path) -> Verified:
    """Look at every file of ``folder``; raises :class:`InputError` where there is no manifest."""
    if not folder.is_dir() or not (folder / MANIFEST).is_file():
        raise InputError(f"{folder}: holds no finished corpus ({MANIFEST} is missing)")
    found = Verified(files=1)
    try:
        manifest = read_manifest(folder)
    except InputError as error:
        found.fault(MANIFEST, str(error).removeprefix(f"{folder / MANIFEST}: "))
        return found
    if manifest is None:
        raise AssertionError("a manifest that was there")
    if (folder / MANIFEST).read_bytes() != manifest_bytes(manifest):
        found.fault(MANIFEST, "is not in the form in which leaderkit writes it; it was changed")
    _card(folder, manifest, found)
    seen = _Seen()
    for part in manifest.parts:
        _file(folder, part, found, seen)
    for part in manifest.others:
        if part.name != CARD:
            _file(folder, part, found, None)
    _totals(manifest, seen, found)
    _ids(folder, manifest, seen, found)
    _strangers(folder, manifest, found)
    return found


class _Seen:
    """What the records of all parts come to; an id takes 8 bytes."""

    def __init__(self) -> None:
        self.rows = 0
        self.hashes = array("Q")
        self.whole = True
        self.origins: tuple[Origin, ...] = ()
        self._block: list[Record] = []

    def add(self, record: Record) -> None:
        self.rows += 1
        self.hashes.append(_hash(record.id))
        self._block.append(record)
        if len(self._block) == BLOCK:
            self.count()

    def count(self) -> None:
        self.origins = together((self.origins, origins(self._block)))
        self._block = []


def _hash(record_id: str) -> int:
    return xxhash.xxh3_64_intdigest(record_id.encode())


def _card(folder: Path, manifest: Manifest, found: Verified) -> None:
    """The card against the manifest; where they differ, the one to blame is told by the hash."""
    found.files += 1
    noted = next((file for file in manifest.others if file.name == CARD), None)
    if noted is None:
        found.fault(MANIFEST, f"names no card ({CARD})")
    if not (folder / CARD).is_file():
        found.fault(CARD, f"is missing; write it again: leaderkit corpus card {folder}")
        return
    as_told = _tells((folder / CARD).read_bytes(), manifest)
    if noted is not None and part_of(folder / CARD, 0) != noted:
        if as_told:
            found.fault(MANIFEST, f"gives other bytes, rows or another SHA-256 than {CARD} has")
        else:
            found.fault(CARD, f"is not the file that {MANIFEST} names: it was changed")
    elif not as_told:
        found.fault(
            MANIFEST,
            f"says other than {CARD}, which is as it was written: the manifest was changed",
        )


def _tells(card: bytes, manifest: Manifest) -> bool:
    """Whether the card is of this manifest; one of another version by the digest in it alone."""
    if manifest.identity.get("leaderkit") == __version__:
        return card == card_text(manifest).encode()
    return manifest_digest(manifest).encode() in card


def _file(folder: Path, part: PartFile, found: Verified, seen: _Seen | None) -> None:
    path = folder / part.name
    if path.parent != folder:
        found.fault(MANIFEST, f"names a file outside the folder: {part.name}")
        return
    if not path.is_file():
        found.fault(part.name, "is missing")
        return
    found.files += 1
    real = part_of(path, part.rows)
    found.bytes += real.bytes
    changed = real.sha256 != part.sha256
    if real.bytes != part.bytes:
        found.fault(part.name, f"is {real.bytes:,} bytes long, not {part.bytes:,}")
    if changed:
        found.fault(part.name, f"SHA-256 is {real.sha256}, not {part.sha256}: it was changed")
    if changed and path.suffix == ".parquet":
        _incomplete(seen)
        return
    try:
        rows = _rows(path, seen)
    except (InputError, msgspec.DecodeError, UnicodeDecodeError) as error:
        found.fault(part.name, str(error).removeprefix(f"{path}, ").removeprefix(f"{path}: "))
        _incomplete(seen)
        return
    found.rows += rows if seen is not None else 0
    if rows != part.rows:
        found.fault(part.name, f"holds {rows:,} rows, not {part.rows:,}")


def _incomplete(seen: _Seen | None) -> None:
    if seen is not None:
        seen.whole = False


def _rows(path: Path, seen: _Seen | None) -> int:
    """Read every row as what it has to be; how many there are."""
    if seen is not None:
        before = seen.rows
        for record in Corpus(path, (path,), None):
            seen.add(record)
        seen.count()
        return seen.rows - before
    kind = _LINES.get(path.name.partition("-")[0])
    if kind is None:
        return 0
    decoder = msgspec.json.Decoder(kind)
    rows = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            try:
                decoder.decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise InputError(f"line {number}: {error}") from None
            rows += 1
    return rows


def _totals(manifest: Manifest, seen: _Seen, found: Verified) -> None:
    if sum(part.rows for part in manifest.parts) != manifest.rows:
        found.fault(MANIFEST, f"gives {manifest.rows:,} rows, its parts do not add up to that")
    many = max(len(manifest.origins), len(seen.origins)) >= MOST_ORIGINS
    if seen.whole and not many and seen.origins != manifest.origins:
        found.fault(MANIFEST, "counts other sources, licences or tasks than the records have")


def _ids(folder: Path, manifest: Manifest, seen: _Seen, found: Verified) -> None:
    values, counts = np.unique(np.asarray(seen.hashes, dtype=np.uint64), return_counts=True)
    again = {int(value) for value in values[counts > 1]}
    if not again or not seen.whole:
        return
    places: dict[str, tuple[str, int]] = {}
    named = 0
    for file, number, record_id in _numbered(folder, manifest):
        if _hash(record_id) not in again:
            continue
        if record_id in places:
            first = places[record_id]
            named += 1
            if named <= MOST_IDS:
                found.fault(
                    file,
                    f"record {number}: the id '{record_id}' is that of {first[0]}, "
                    f"record {first[1]}",
                )
        else:
            places[record_id] = file, number
    if named > MOST_IDS:
        found.fault(MANIFEST, f"{named - MOST_IDS:,} more ids are given twice")


def _numbered(folder: Path, manifest: Manifest) -> Iterator[tuple[str, int, str]]:
    for part in manifest.parts:
        path = folder / part.name
        for number, record in enumerate(Corpus(path, (path,), None), start=1):
            yield part.name, number, record.id


def _strangers(folder: Path, manifest: Manifest, found: Verified) -> None:
    known = {file.name for file in (*manifest.parts, *manifest.others)} | {MANIFEST, CARD}
    for path in sorted(folder.iterdir()):
        if path.name not in known:
            found.fault(path.name, f"is not named in {MANIFEST}")
