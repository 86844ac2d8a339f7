"""CSV and TSV text to columns and records, with nothing repaired silently."""

import csv
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from submission.errors import InputError, locate
from submission.tables.names import complaint
from submission.tables.table import Record
from submission.tables.text import line_breaks, lines

csv.field_size_limit(sys.maxsize)


class Parsed(NamedTuple):
    """The columns and records of a file, and the newline that ends its header."""

    columns: tuple[str, ...]
    records: tuple[Record, ...]
    newline: str


def parse(path: Path, text: str, delimiter: str) -> Parsed:
    """Read the text of a delimited file whose first line names the columns.

    Raises:
        InputError: a broken quote, a ragged or blank row, a NUL, a nameless or repeated column.
    """
    physical = lines(text)
    rows = _rows(path, physical, delimiter)
    header = next(rows, None)
    if header is None or not text.strip():
        raise InputError(f"{path}: is empty")
    columns = tuple(header.cells)
    if not columns:
        raise InputError(f"{locate(path, 1)}: is blank; the first row must name the columns")
    if problem := complaint(columns):
        raise InputError(f"{locate(path, 1)}: {problem}")
    newline = "\r\n" if physical[header.end - 1].endswith("\r\n") else "\n"
    return Parsed(columns, tuple(_records(path, columns, rows)), newline)


class _Row(NamedTuple):
    start: int
    end: int
    cells: list[str]


def _rows(path: Path, physical: list[str], delimiter: str) -> Iterator[_Row]:
    """Yield every row, blank ones without cells."""
    reader = csv.reader(iter(physical), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        start = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            rest = "".join(physical[start - 1 :])
            raise _broken_quote(path, start, rest, delimiter, header, str(error)) from None
        header = header or cells
        for index, cell in enumerate(cells):
            if "\0" in cell:
                raise InputError(
                    f"{locate(path, start, _name(header, index))}: holds a NUL character;"
                    " the file is damaged or is not UTF-8 text"
                )
        yield _Row(start, reader.line_num, cells)


def _records(path: Path, columns: tuple[str, ...], rows: Iterator[_Row]) -> Iterator[Record]:
    blank: list[int] = []
    for row in rows:
        if not row.cells:
            blank.append(row.start)
            continue
        if blank and len(columns) > 1:
            raise InputError(f"{locate(path, blank[0])}: is blank; remove the line")
        # In a file of one column, a blank line between others is an empty cell.
        yield from (Record(line, {columns[0]: ""}) for line in blank)
        blank.clear()
        if len(row.cells) != len(columns):
            found = f"expected {len(columns)} cells, as in the header, found {len(row.cells)}"
            advice = "a comma or a newline inside a cell needs quotes around the cell"
            raise InputError(f"{locate(path, row.start)}: {found}; {advice}")
        yield Record(row.start, dict(zip(columns, row.cells, strict=True)))


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
