"""Writing tables so that reading them gives back the same text."""

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from numbers import Integral, Rational, Real
from pathlib import Path
from typing import SupportsFloat, SupportsInt

from submission.errors import InputError, locate
from submission.files.atomic import atomic_file
from submission.tables.names import complaint
from submission.tables.text import line_breaks, unwritable

Cell = str | SupportsFloat | SupportsInt


def write_csv(
    path: str | Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    bom: bool,
    newline: str = "\n",
    unnamed_index: bool = False,
) -> None:
    r"""Write a UTF-8 CSV file (``.tsv``: tabs) whole, or leave what was there.

    Floats are written with the fewest digits that give the same number back in their own
    precision. Cells are quoted only where reading them back would otherwise change them. With
    ``unnamed_index``, the first column may be nameless.

    Raises:
        InputError: a column is nameless or repeated, a row is ragged, a cell is NaN, infinite or
            nothing, holds a NUL or half a surrogate pair, or the file cannot be written.
        ValueError: ``newline`` is neither ``\n`` nor ``\r\n``.
    """
    with atomic_file(path) as handle:
        handle.writelines(
            csv_lines(path, columns, rows, bom=bom, newline=newline, unnamed_index=unnamed_index)
        )


def csv_lines(
    path: str | Path,
    columns: Sequence[str],
    rows: Iterable[Sequence[Cell]],
    *,
    bom: bool,
    newline: str = "\n",
    unnamed_index: bool = False,
) -> Iterator[bytes]:
    """What `write_csv` writes, a line at a time; raises what it raises, with ``path`` named."""
    if newline not in {"\n", "\r\n"}:
        raise ValueError(f"newline must be \\n or \\r\\n, not {newline!r}")
    path = Path(path)
    if not columns:
        raise InputError(f"{path}: there are no columns")
    if problem := complaint(columns, unnamed_index=unnamed_index):
        raise InputError(f"{path}: {problem}")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    special = re.compile(rf'["\r\n{delimiter}]|\A\ufeff')
    ending = newline.encode()
    if bom:
        yield b"\xef\xbb\xbf"
    line, width = 1, len(columns)
    for number, row in enumerate(chain([columns], rows)):
        if len(row) != width:
            raise InputError(
                f"{locate(path, line)}: {len(row)} cells for {width} columns"
                f" (row {number} of the data)"
            )
        if plain := _plain_line(row, delimiter):
            yield plain + ending
            line += 1
            continue
        cells = [_text(path, line, columns[i], cell) for i, cell in enumerate(row)]
        text = delimiter.join(_quoted(cell, special) for cell in cells)
        # A line that is blank would be skipped at the end of a file.
        text = (text or '""') + newline
        yield text.encode()
        line += line_breaks(text)


def write_json(path: str | Path, items: Iterable[Mapping[str, object]]) -> None:
    """Write an array of objects, indented, in UTF-8; whole, or leave what was there.

    Raises:
        InputError: an item holds NaN, an infinity or half a surrogate pair, or the file cannot
            be written.
    """
    with atomic_file(path) as handle:
        handle.writelines(json_lines(path, items))


def json_lines(path: str | Path, items: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """What `write_json` writes, an item at a time; raises what it raises, with ``path`` named."""
    separator = b"[\n"
    for number, item in enumerate(items, start=1):
        yield separator + _json(Path(path), number, item, indent=2)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def write_jsonl(path: str | Path, items: Iterable[Mapping[str, object]]) -> None:
    """Write one object a line in UTF-8; whole, or leave what was there.

    Raises:
        InputError: as for `write_json`.
    """
    with atomic_file(path) as handle:
        handle.writelines(jsonl_lines(path, items))


def jsonl_lines(path: str | Path, items: Iterable[Mapping[str, object]]) -> Iterator[bytes]:
    """What `write_jsonl` writes, a line at a time; raises what it raises, with ``path`` named."""
    for number, item in enumerate(items, start=1):
        yield _json(Path(path), number, item, indent=None) + b"\n"


def _plain_line(row: Sequence[Cell], delimiter: str) -> bytes | None:
    """A row of texts that can stand as they are, as most can; None for any other."""
    try:
        line = delimiter.join(row)  # type: ignore[arg-type]  # that is what is tried
    except TypeError:
        return None
    if (
        not line
        or line.count(delimiter) != len(row) - 1
        or '"' in line
        or "\n" in line
        or "\r" in line
        or "\ufeff" in line
        or "\0" in line
    ):
        return None
    try:
        return line.encode()
    except UnicodeEncodeError:
        return None


def _text(path: Path, line: int, column: str, cell: Cell) -> str:
    if isinstance(cell, str):
        if problem := unwritable(cell):
            raise InputError(f"{locate(path, line, column)}: {problem}")
        return str(cell)
    digits = _digits(cell)
    if digits is None:
        raise InputError(
            f"{locate(path, line, column)}: {cell!r} is neither text nor a number;"
            " every cell needs a value"
        )
    if not isinstance(cell, Integral) and not math.isfinite(float(digits)):
        raise InputError(f"{locate(path, line, column)}: {digits} is not a finite number")
    return digits


def _digits(cell: Cell) -> str | None:
    if isinstance(cell, bool):
        return None
    if isinstance(cell, float):
        return repr(float(cell))
    if isinstance(cell, Integral):
        return str(int(cell))
    # NumPy's other precisions: their own text is the shortest that gives them back.
    if isinstance(cell, Real) and not isinstance(cell, Rational):
        return str(cell)
    return None


def _quoted(cell: str, special: re.Pattern[str]) -> str:
    return '"' + cell.replace('"', '""') + '"' if special.search(cell) else cell


def _json(path: Path, number: int, item: Mapping[str, object], indent: int | None) -> bytes:
    place = f"{path}, item {number}"
    try:
        text = json.dumps(dict(item), ensure_ascii=False, allow_nan=False, indent=indent)
        return text.encode()
    except UnicodeEncodeError as error:
        raise InputError(
            f"{place}: holds {error.object[error.start]!r}, which is not a character; remove it"
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{place}: cannot be written as JSON: {error}") from error
