"""CSV and TSV text to columns and rows, with nothing repaired silently."""

from __future__ import annotations

import csv
import io
import re
import sys
from array import array
from pathlib import Path
from typing import NamedTuple

from submission.errors import InputError, locate
from submission.tables.names import complaint
from submission.tables.text import line_breaks, lines

csv.field_size_limit(sys.maxsize)


class Parsed(NamedTuple):
    """The columns and rows of a file, the lines these start in, and the newline of its header."""

    columns: tuple[str, ...]
    rows: list[tuple[str, ...]]
    lines: array[int]
    newline: str


def parse(path: Path, text: str, delimiter: str, *, unnamed_index: bool = False) -> Parsed:
    """Read the text of a delimited file whose first line names the columns.

    Raises:
        InputError: a broken quote, a ragged or blank row, a NUL, a nameless or repeated column.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[tuple[str, ...]] = []
    starts = array("q")
    blank: list[int] = []
    start, width = 1, 0
    damaged = "\0" in text
    try:
        for cells in reader:
            if damaged:
                _refuse_nul(path, start, header or cells, cells)
            if not width:
                header, width = cells, _width(path, text, cells, unnamed_index)
            elif len(cells) == width and not blank:
                rows.append(tuple(cells))
                starts.append(start)
            elif not cells:
                blank.append(start)
            else:
                if blank and width > 1:
                    raise InputError(f"{locate(path, blank[0])}: is blank; remove the line")
                # In a file of one column, a blank line between others is an empty cell.
                rows.extend([("",)] * len(blank))
                starts.extend(blank)
                blank.clear()
                if len(cells) != width:
                    raise _ragged(path, start, width, len(cells))
                rows.append(tuple(cells))
                starts.append(start)
            start = reader.line_num + 1
    except csv.Error as error:
        rest = "".join(lines(text)[start - 1 :])
        raise _broken_quote(path, start, rest, delimiter, header, str(error)) from None
    if not width:
        raise InputError(f"{path}: is empty")
    return Parsed(tuple(header), rows, starts, _header_newline(text, delimiter))


def _refuse_nul(path: Path, start: int, header: list[str], cells: list[str]) -> None:
    for index, cell in enumerate(cells):
        if "\0" in cell:
            raise InputError(
                f"{locate(path, start, _name(header, index))}: holds a NUL character;"
                " the file is damaged or is not UTF-8 text"
            )


def _width(path: Path, text: str, header: list[str], unnamed_index: bool) -> int:
    """How many columns there are; refuses a header that cannot be one."""
    if not text.strip():
        raise InputError(f"{path}: is empty")
    if not header:
        raise InputError(f"{locate(path, 1)}: is blank; the first row must name the columns")
    if problem := complaint(header, unnamed_index=unnamed_index):
        raise InputError(f"{locate(path, 1)}: {problem}")
    return len(header)


def _ragged(path: Path, start: int, expected: int, found: int) -> InputError:
    return InputError(
        f"{locate(path, start)}: expected {expected} cells, as in the header, found {found};"
        " a comma or a newline inside a cell needs quotes around the cell"
    )


def _header_newline(text: str, delimiter: str) -> str:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    next(reader)
    header = io.StringIO(text, newline="")
    last = [header.readline() for _ in range(reader.line_num)][-1]
    return "\r\n" if last.endswith("\r\n") else "\n"


def _name(header: list[str], index: int) -> str | None:
    return header[index] if index < len(header) else None


def _broken_quote(
    path: Path, start: int, rest: str, delimiter: str, header: list[str], fallback: str
) -> InputError:
    """Say which cell the csv module gave up on; it names neither cell nor line itself."""
    quoted = r'"[^"]*(?:""[^"]*)*(?P<close>"?)'
    cell = re.compile(rf"(?:{quoted}|[^{delimiter}\r\n]*)(?P<next>.?)", re.DOTALL)
    for index, match in enumerate(cell.finditer(rest)):
        line = start + line_breaks(rest[: match.start()])
        place = locate(path, start, _name(header, index))
        if line != start:
            place += f" (line {line})"
        if match["close"] == "":
            return InputError(
                f'{place}: the quote that opens this cell is never closed; close it, or write ""'
                " for a quote that belongs to the text"
            )
        if match["close"] and match["next"] not in {delimiter, "\r", "\n", ""}:
            return InputError(
                f"{place}: text follows the quote that closes this cell ({match['next']!r});"
                ' write "" for a quote that belongs to the text'
            )
        if match["next"] != delimiter:
            break
    return InputError(f"{locate(path, start)}: cannot be read as CSV: {fallback}")
