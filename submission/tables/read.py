"""Reading a table by the suffix of its file."""

from collections.abc import Sequence
from pathlib import Path

from submission.errors import InputError
from submission.tables import csv_reader, json_reader
from submission.tables.table import Table
from submission.tables.text import read_text

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_JSON = frozenset({".json", ".jsonl"})


def read_table(
    path: str | Path,
    *,
    encoding: str | None = None,
    allow_empty: bool = False,
    by_id: tuple[str, str] | None = None,
) -> Table:
    """Read a ``.csv``, ``.tsv``, ``.json`` or ``.jsonl`` file.

    A ``.json`` file is an array of objects, or nested as SQuAD's are (see `squad`), or, with
    ``by_id``, one object of texts by their ids, which become these two columns.

    The encoding is UTF-8 with or without a byte-order mark, else CP949, unless one is named.
    Members of nested JSON objects become columns with dotted names (``input.question``), numbers
    keep their digits, null becomes empty text, and lists their JSON text.

    Raises:
        InputError: the file is missing, unreadable or broken, or it has no rows and
            ``allow_empty`` is not set. The message names the row, and the column where one is
            to blame.
    """
    path = Path(path)
    suffix = _supported(path, {*_DELIMITERS, *_JSON})
    text, found_encoding = read_text(path, encoding)
    if suffix in _JSON:
        columns, records = json_reader.table(path, text, by_id)
        rows = [tuple(record.values[name] for name in columns) for record in records]
        lines: Sequence[int] = [record.line for record in records]
        newline = "\r\n" if "\r\n" in text else "\n"
    else:
        columns, rows, lines, newline = csv_reader.parse(path, text, _DELIMITERS[suffix])
    if not rows and not allow_empty:
        what = "holds no items" if suffix in _JSON else "has a header but no rows"
        raise InputError(f"{path}: {what}")
    return Table(path, columns, rows, lines, found_encoding, newline)


def read_items(path: str | Path, *, encoding: str | None = None) -> list[dict[str, object]]:
    """Read the objects of a ``.json`` array or a ``.jsonl`` file with their structure and types.

    For files that are filled in and written again; `read_table` is for everything else.

    Raises:
        InputError: as for `read_table`, except that the objects may differ in their keys.
    """
    path = Path(path)
    _supported(path, _JSON)
    text, _ = read_text(path, encoding)
    return [json_reader.plain(path, item) for item in json_reader.items(path, text)]


def _supported(path: Path, suffixes: set[str] | frozenset[str]) -> str:
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise InputError(
            f"{path}: cannot be read as a table; supported are {', '.join(sorted(suffixes))}"
        )
    return suffix
