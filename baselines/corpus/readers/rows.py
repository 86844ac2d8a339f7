"""The rows of a CSV, JSON, JSON lines or Parquet file, for mappings."""

from __future__ import annotations

import codecs
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from baselines.corpus.readers.base import Member, Piece
from baselines.corpus.readers.cut import (
    Problems,
    piece_text,
    pieces_by_csv_row,
    pieces_by_line,
    pieces_by_row,
    read_piece,
    read_whole,
    rows_of,
    tell,
    whole,
)
from baselines.corpus.readers.paths import values_at
from baselines.corpus.readers.sheet import readable_csv, suffix
from submission.errors import InputError, nearest
from submission.tables.text import decode

ROWS = 20_000
"""Elements of a JSON array, or rows of a Parquet file, that are one piece of work."""
SUFFIXES = frozenset({".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".parquet"})
TABLES = frozenset({".csv", ".tsv", ".parquet"})
"""Files whose rows all have the same columns."""
_FIRST_LINE = 1 << 20


class Row(NamedTuple):
    """A row: its number in the file, what its place is called, and its values."""

    number: int
    place: str
    values: Mapping[str, Any]


def pieces(member: Member, rows: str | None) -> Sequence[Piece]:
    """The pieces of a file of one of :data:`SUFFIXES`."""
    match suffix(member):
        case ".csv" | ".tsv":
            return pieces_by_csv_row(member)
        case ".jsonl" | ".ndjson":
            return pieces_by_line(member)
        case ".parquet":
            return _row_groups(member)
        case _:
            return _elements(member, rows)


def read(member: Member, piece: Piece, rows: str | None, problems: Problems) -> Iterator[Row]:
    """The rows of a piece; those that cannot be read are told to ``problems``."""
    try:
        match suffix(member):
            case ".csv" | ".tsv":
                yield from _csv(member, piece, problems)
            case ".jsonl" | ".ndjson":
                yield from _lines(member, piece, problems)
            case ".parquet":
                yield from _parquet(member, piece)
            case _:
                yield from _json(member, piece, rows, problems)
    except InputError as error:
        if problems is None:
            raise
        tell(problems, member, "", error)


def _csv(member: Member, piece: Piece, problems: Problems) -> Iterator[Row]:
    text = piece_text(member, piece, read_piece(member, piece))
    if piece.start:
        text = text._replace(content=_header(member) + text.content)
    # The header is a row of the first piece, and one of those before every other.
    first = max(piece.first, 1) + 1
    table = readable_csv(member, piece, text, first, problems)
    if table is not None:
        for index, record in enumerate(table.records):
            number = first + index
            yield Row(number, f"row {number}", record.values)


def _header(member: Member) -> str:
    with member.open() as file:
        data = file.read(_FIRST_LINE)
    end = data.find(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        end = data.find(b"\n", end) + 1
    return decode(Path(member.name), data[:end] or data).content


def _lines(member: Member, piece: Piece, problems: Problems) -> Iterator[Row]:
    data = read_piece(member, piece)
    if not piece.start:
        data = data.removeprefix(codecs.BOM_UTF8)
    for number, line in enumerate(data.split(b"\n"), start=piece.first + 1):
        if not line or line.isspace():
            continue
        place = f"line {number}"
        try:
            values = _decoded(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            tell(problems, member, place, f"is no JSON: {error}; repair or remove the line")
            continue
        if not isinstance(values, dict):
            tell(problems, member, place, "must hold a JSON object")
            continue
        yield Row(number, place, values)


def _decoded(line: bytes) -> Any:
    try:
        return msgspec.json.decode(line)
    except UnicodeDecodeError:
        return msgspec.json.decode(line.decode("cp949"))


def _parquet(member: Member, piece: Piece) -> Iterator[Row]:
    begin = 0
    for group, count in enumerate(_row_counts(member)):
        if begin <= piece.first < begin + count:
            rows = _row_group(cast(Hashable, member), group).slice(piece.first - begin, ROWS)
            for number, values in enumerate(rows.to_pylist(), start=piece.first + 1):
                yield Row(number, f"row {number}", values)
        begin += count


def _row_groups(member: Member) -> Sequence[Piece]:
    try:
        return pieces_by_row(member, _row_counts(member), ROWS)
    except InputError:  # said when it is read
        return whole(member)


def _row_counts(member: Member) -> list[int]:
    with member.open() as file, _parquet_errors(member):
        data = pq.ParquetFile(file).metadata
        return [data.row_group(n).num_rows for n in range(data.num_row_groups)]


@lru_cache(maxsize=1)
def _row_group(member: Any, number: int) -> Any:
    with member.open() as file, _parquet_errors(member):
        return pq.ParquetFile(file).read_row_group(number)


@contextmanager
def _parquet_errors(member: Member) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(
            f"{member.name}: cannot be read as Parquet: {error}. It is cut off or of another "
            "type; fetch it again"
        ) from None


def _elements(member: Member, rows: str | None) -> Sequence[Piece]:
    try:
        count = len(_raws(cast(Hashable, member), rows)[1])
    except InputError:  # said when it is read
        return whole(member)
    return pieces_by_row(member, [count], ROWS)


def _json(member: Member, piece: Piece, rows: str | None, problems: Problems) -> Iterator[Row]:
    where, elements = _raws(cast(Hashable, member), rows)
    for number in rows_of(member, piece, len(elements), ROWS):
        place = f"{where}[{number}]"
        values = msgspec.json.decode(elements[number])
        if not isinstance(values, dict):
            tell(problems, member, place, "must be a JSON object")
            continue
        yield Row(number + 1, place, values)


@lru_cache(maxsize=1)
def _raws(member: Any, rows: str | None) -> tuple[str, Sequence[msgspec.Raw]]:
    """The path of the list of rows, and its elements as they are written."""
    data = decode(Path(member.name), read_whole(member)).content.encode()
    try:
        if data.lstrip()[:1] == b"[":
            if rows is None:
                return "$", msgspec.json.decode(data, type=list[msgspec.Raw])
            top: Any = msgspec.json.decode(data)
        elif rows is None or "[" not in rows:
            return _listed(member, data, rows)
        else:
            top = msgspec.json.decode(data)
    except msgspec.DecodeError as error:
        raise InputError(
            f"{member.name}: is no JSON: {error}. It is cut off or damaged; fetch it again"
        ) from None
    top = {"": top} if isinstance(top, list) else top
    found = [
        each
        for value in values_at(top, rows)
        for each in (value if isinstance(value, list) else [value])
    ]
    return f"$.{rows}", [msgspec.Raw(msgspec.json.encode(each)) for each in found]


def _listed(member: Member, data: bytes, rows: str | None) -> tuple[str, Sequence[msgspec.Raw]]:
    raw, walked = msgspec.Raw(data), "$"
    for name in rows.split(".") if rows else ():
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        if name not in members:
            raise InputError(
                f"{member.name}, {walked}: has no member '{name}'; there are "
                f"{nearest(list(members), name)}. Change 'rows'"
            )
        raw, walked = members[name], f"{walked}.{name}"
    if rows is None:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        lists = [name for name, value in members.items() if bytes(memoryview(value)[:1]) == b"["]
        if len(lists) != 1:
            return "$", [raw]
        raw, walked = members[lists[0]], f"$.{lists[0]}"
    return walked, msgspec.json.decode(raw, type=list[msgspec.Raw])
