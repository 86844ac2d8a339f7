"""A corpus on disk: part files of records, and a manifest that is written last.

``part-00000.jsonl`` (or ``.parquet``) holds records, ``dropped-00000.jsonl`` what a step left out
and why, ``problems-00000.jsonl`` what could not be read. ``manifest.json`` names every file with
its rows, bytes and SHA-256.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from baselines.corpus.batch import Dropped, Problem, Sample
from baselines.corpus.history import Origin, Past, Titles
from baselines.corpus.record import Record, arrow_schema, decoder, encoder
from submission.errors import InputError
from submission.files.atomic import write_bytes

MANIFEST = "manifest.json"
CARD = "README.md"
SCHEMA = 1
CHUNK = 16 << 20
"""Bytes of records that are worked on at once, so that memory is bounded for files of any size."""

Form = Literal["jsonl", "parquet"]


class PartFile(msgspec.Struct, frozen=True):
    """A file that is whole: what it is called, and what has to be in it."""

    name: str
    rows: int
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True):
    """What a folder holds, and what made it. No times: equal work gives equal bytes."""

    schema: int
    step: str
    identity: dict[str, Any]
    """What the output depends on: the settings, the versions, and the input's digest."""
    rows: int
    dropped: dict[str, int]
    """Records left out, by reason."""
    counts: dict[str, int]
    problems: int
    parts: tuple[PartFile, ...]
    """The files of records, in their order."""
    others: tuple[PartFile, ...]
    """The files of what was dropped, of what could not be read, and of the step's own."""
    samples: tuple[Sample, ...] = ()
    rows_in: int | None = None
    """Records that the step was done on; None where it read no records."""
    origins: tuple[Origin, ...] = ()
    history: tuple[Past, ...] = ()
    """The steps before this one, the first first."""
    titles: Titles = Titles()

    @property
    def past(self) -> Past:
        """This step, for the history of the next."""
        return Past(
            self.step,
            self.identity,
            self.rows_in,
            self.rows,
            self.dropped,
            self.counts,
            self.problems,
            self.digest,
        )

    @property
    def digest(self) -> str:
        """A digest of the records: equal for equal parts."""
        return digest([(part.name, part.sha256) for part in self.parts])


def digest(value: object) -> str:
    """The SHA-256 of ``value`` as JSON with sorted keys."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


class Chunk(NamedTuple):
    """Some records of a corpus: lines of a JSONL file, or a row group of a Parquet file."""

    path: str
    start: int
    """The first byte, or the number of the row group."""
    stop: int
    first: int
    """The number of the first record in the whole corpus."""
    rows: int


@dataclass(frozen=True)
class Corpus:
    """Records on disk: a folder with a manifest, or one file of records."""

    path: Path
    files: tuple[Path, ...]
    manifest: Manifest | None

    @classmethod
    def open(cls, path: Path) -> Corpus:
        """Raises :class:`InputError` where there are no records, or the folder is not finished."""
        if path.is_file():
            if path.suffix.lower() not in (".jsonl", ".parquet"):
                raise InputError(
                    f"{path}: is no file of records (.jsonl, .parquet); read it first: "
                    f"leaderkit corpus read {path} --out FOLDER"
                )
            return cls(path, (path,), None)
        if not path.is_dir():
            raise InputError(f"{path}: there is no such file or folder")
        manifest = read_manifest(path)
        if manifest is None:
            raise InputError(
                f"{path}: holds no finished corpus ({MANIFEST} is missing); run the step that "
                "writes it to its end, or read the raw files: leaderkit corpus read"
            )
        for part in manifest.parts:
            if not (path / part.name).is_file() or (path / part.name).stat().st_size != part.bytes:
                raise InputError(
                    f"{path / part.name}: is missing or not {part.bytes:,} bytes long, as "
                    f"{MANIFEST} says; write the corpus again"
                )
        return cls(path, tuple(path / part.name for part in manifest.parts), manifest)

    @cached_property
    def digest(self) -> str:
        """A digest of the records, of which it depends only what they are."""
        if self.manifest is not None:
            return self.manifest.digest
        return digest([(path.name, sha256_file(path)) for path in self.files])

    @cached_property
    def chunks(self) -> tuple[Chunk, ...]:
        """The corpus in pieces of at most about ``CHUNK`` bytes, the same every time."""
        found: list[Chunk] = []
        first = 0
        for path in self.files:
            for start, stop, rows in _pieces(path):
                found.append(Chunk(str(path), start, stop, first, rows))
                first += rows
        return tuple(found)

    def __len__(self) -> int:
        return sum(chunk.rows for chunk in self.chunks)

    def __iter__(self) -> Iterator[Record]:
        """Every record, one chunk in memory at a time."""
        for chunk in self.chunks:
            yield from read_chunk(chunk)


def read_chunk(chunk: Chunk) -> list[Record]:
    """The records of ``chunk``; raises :class:`InputError` that names a line that is no record."""
    path = Path(chunk.path)
    if path.suffix.lower() == ".parquet":
        return _read_row_group(path, chunk.start)
    with path.open("rb") as file:
        file.seek(chunk.start)
        data = file.read(chunk.stop - chunk.start)
    try:
        return decoder.decode_lines(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise _bad_line(path, data, chunk.start) from None


def read_some(chunk: Chunk, places: Sequence[int]) -> list[Record]:
    """The records at these places of ``chunk`` (from 0), without reading the others' fields."""
    path = Path(chunk.path)
    if path.suffix.lower() != ".parquet" and 2 * len(places) < chunk.rows:
        with path.open("rb") as file:
            file.seek(chunk.start)
            lines = file.read(chunk.stop - chunk.start).split(b"\n")
        try:
            return [decoder.decode(lines[place]) for place in places]
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass  # told by the reading of all
    records = read_chunk(chunk)
    return [records[place] for place in places]


def _bad_line(path: Path, data: bytes, start: int) -> InputError:
    with path.open("rb") as file:
        before = sum(block.count(b"\n") for block in _blocks(file, start))
    for number, line in enumerate(data.split(b"\n"), start=before + 1):
        if not line.strip():
            continue
        try:
            decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return InputError(f"{path}, line {number}: is no record: {error}")
    return InputError(f"{path}: holds a line that is no record")


def _pieces(path: Path) -> Iterator[tuple[int, int, int]]:
    if path.suffix.lower() == ".parquet":
        import pyarrow.parquet as pq

        try:
            data = pq.ParquetFile(path).metadata
        except Exception as error:
            raise InputError(f"{path}: cannot be read as Parquet: {error}") from error
        yield from ((n, n + 1, data.row_group(n).num_rows) for n in range(data.num_row_groups))
        return
    size = path.stat().st_size
    with path.open("rb") as file:
        start = 0
        while start < size:
            file.seek(start)
            data = file.read(CHUNK)
            if start + len(data) < size:
                end = data.rfind(b"\n") + 1
                data = data[:end] if end else data + file.readline()
            rows = data.count(b"\n") + (not data.endswith(b"\n"))
            yield start, start + len(data), rows
            start += len(data)


def _read_row_group(path: Path, number: int) -> list[Record]:
    import pyarrow.parquet as pq

    try:
        rows = pq.ParquetFile(path).read_row_group(number).to_pylist()
        return msgspec.convert(rows, list[Record])
    except (OSError, ValueError) as error:
        raise InputError(f"{path}, row group {number}: is no table of records: {error}") from None


def write_part(path: Path, records: Sequence[Record], form: Form) -> PartFile:
    """Write records as one file, whole or not at all."""
    if form == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        sink = pa.BufferOutputStream()
        columns = msgspec.to_builtins(list(records))
        pq.write_table(pa.Table.from_pylist(columns, schema=arrow_schema()), sink)
        return _written(path, sink.getvalue().to_pybytes(), len(records))
    return _written(path, encoder.encode_lines(records), len(records))


def write_dropped(path: Path, dropped: Sequence[Dropped]) -> PartFile:
    """Write what was left out, with the reasons."""
    return _written(path, encoder.encode_lines(dropped), len(dropped))


def write_problems(path: Path, problems: Sequence[Problem]) -> PartFile:
    """Write what could not be read."""
    return _written(path, encoder.encode_lines(problems), len(problems))


def part_of(path: Path, rows: int) -> PartFile:
    """What is to be remembered of a file that is there."""
    return PartFile(path.name, rows, path.stat().st_size, sha256_file(path))


def _written(path: Path, data: bytes, rows: int) -> PartFile:
    write_bytes(path, data)
    return PartFile(path.name, rows, len(data), hashlib.sha256(data).hexdigest())


def sha256_file(path: Path) -> str:
    """The SHA-256 of a file, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a finished folder. Raises :class:`InputError` where it cannot be read."""
    path = folder / MANIFEST
    if not path.is_file():
        return None
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path}: is no manifest of a corpus: {error}") from None
    if manifest.schema != SCHEMA:
        raise InputError(f"{path}: is of another version of leaderkit; write the corpus again")
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Finish a folder."""
    write_bytes(folder / MANIFEST, manifest_bytes(manifest))


def manifest_bytes(manifest: Manifest) -> bytes:
    """The manifest's file: one form, so that any other is seen to be changed."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2)


def _blocks(file: Any, stop: int) -> Iterator[bytes]:
    left = stop
    while left > 0 and (block := file.read(min(left, 1 << 20))):
        yield block
        left -= len(block)
