"""Files cut into pieces of bytes that end where a row does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from baselines.corpus.batch import Problem
from baselines.corpus.readers.base import Member, Piece
from submission.errors import InputError
from submission.tables.text import Text, decode

PIECE = 16 << 20
"""Bytes that are worked on at once."""
MOST_WHOLE = 1 << 30
"""Bytes of a file that has to be in memory as a whole."""

Problems = Callable[[Problem], None] | None


def tell(problems: Problems, member: Member, place: str, error: InputError | str) -> None:
    """Report what cannot be read; raise it where nobody listens."""
    message = str(error)
    if problems is None:
        told = message if message.startswith(member.name) else f"{member.name}, {place}: {message}"
        raise InputError(told)
    problems(Problem(member.name, place, message.removeprefix(f"{member.name}: ")))


def whole(member: Member) -> tuple[Piece, ...]:
    """A file as one piece."""
    return (Piece(0, member.size, 0),)


def read_whole(member: Member, most: int = MOST_WHOLE) -> bytes:
    """All bytes of a file. Raises :class:`InputError` for one of more than ``most``."""
    if member.size > most:
        raise InputError(
            f"{member.name}: is {member.size:,} bytes long; a file of its kind is read as a whole, "
            f"up to {most:,}. Split it, or convert it to JSON lines"
        )
    with member.open() as file:
        return file.read()


def read_piece(member: Member, piece: Piece) -> bytes:
    """The bytes of a piece."""
    with member.open() as file:
        file.seek(piece.start)
        return file.read(piece.stop - piece.start)


def piece_text(member: Member, piece: Piece, data: bytes) -> Text:
    """The text of a piece: UTF-8 or CP949, without its byte-order mark."""
    return decode(label(member, piece), data)


def label(member: Member, piece: Piece) -> Path:
    """What messages call a piece."""
    return Path(member.name if not piece.start else f"{member.name} from byte {piece.start:,}")


def pieces_by_line(member: Member, size: int = PIECE) -> Sequence[Piece]:
    """Pieces that end behind a line."""
    return tuple(_pieces(member, size, _last_line, lambda data: data.count(b"\n")))


def pieces_by_csv_row(member: Member, size: int = PIECE) -> Sequence[Piece]:
    """Pieces that end behind a row of cells, of which quoted ones may hold line breaks."""
    return tuple(_pieces(member, size, _last_row, _rows))


def pieces_by_paragraph(member: Member, size: int = PIECE) -> Sequence[Piece]:
    """Pieces that end behind a blank line."""
    return tuple(_pieces(member, size, _last_blank, lambda data: data.count(b"\n")))


def pieces_by_row(member: Member, counts: Iterable[int], most: int) -> Sequence[Piece]:
    """Pieces of at most ``most`` rows, none of them of two of the blocks of ``counts`` rows.

    Where they begin and stop is about where these bytes would be; ``first`` is what counts.
    """
    blocks = list(counts)
    total, found, begin = sum(blocks), [], 0
    for count in blocks:
        for first in range(begin, begin + count, most):
            end = min(first + most, begin + count)
            found.append(Piece(member.size * first // total, member.size * end // total, first))
        begin += count
    return tuple(found)


def rows_of(member: Member, piece: Piece, count: int, most: int) -> range:
    """The numbers of a piece's rows, of ``count`` that can be read; from 0."""
    if piece == whole(member)[0]:
        return range(count)
    return range(piece.first, min(piece.first + most, count))


def _pieces(
    member: Member, size: int, last: Callable[[bytes], int], count: Callable[[bytes], int]
) -> Iterator[Piece]:
    start = first = 0
    rest = b""
    with member.open() as file:
        while block := file.read(size):
            data = rest + block
            end = last(data) if start + len(data) < member.size else len(data)
            if end:
                yield Piece(start, start + end, first)
                first += count(data[:end])
                start += end
            rest = data[end:]
    if rest:
        yield Piece(start, start + len(rest), first)


def _last_line(data: bytes) -> int:
    return data.rfind(b"\n") + 1


def _last_blank(data: bytes) -> int:
    return max(data.rfind(b"\n\n") + 2, data.rfind(b"\n\r\n") + 3) if b"\n" in data else 0


def _last_row(data: bytes) -> int:
    end = data.rfind(b"\n") + 1
    while end and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end - 1) + 1
    return end


def _rows(data: bytes) -> int:
    return sum(part.count(b"\n") for part in data.split(b'"')[::2])
