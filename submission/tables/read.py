"""Reading a table by the suffix of its file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from submission.errors import InputError
from submission.tables import csv_reader, json_reader
from submission.tables.table import Table
from submission.tables.text import Text, read_text

Form = Literal["csv", "tsv", "json", "jsonl"]
"""How a table is written: cells with commas or tabs, a JSON array, or one JSON object a line."""

_FORMS: dict[str, Form] = {".csv": "csv", ".tsv": "tsv", ".json": "json", ".jsonl": "jsonl"}
_DELIMITERS = {"csv": ",", "tsv": "\t"}


class Items(NamedTuple):
    """The objects of a JSON file with their structure and types, and the file's encoding."""

    values: list[dict[str, object]]
    encoding: str


def read_table(
    path: str | Path,
    *,
    encoding: str | None = None,
    allow_empty: bool = False,
    by_id: tuple[str, str] | None = None,
    form: Form | None = None,
    unnamed_index: bool = False,
) -> Table:
    """Read a ``.csv``, ``.tsv``, ``.json`` or ``.jsonl`` file; or any file as ``form``, if given.

    A ``.json`` file is an array of objects, or nested as SQuAD's are (see `squad`), or, with
    ``by_id``, one object of texts by their ids, which become these two columns. With
    ``unnamed_index``, the first column of a CSV file may be nameless.

    The encoding is UTF-8 with or without a byte-order mark, else CP949, unless one is named.
    Members of nested JSON objects become columns with dotted names (``input.question``), numbers
    keep their digits, null becomes empty text, and lists their JSON text.

    Raises:
        InputError: the file is missing, unreadable or broken, or it has no rows and
            ``allow_empty`` is not set. The message names the row, and the column where one is
            to blame.
    """
    path = Path(path)
    form = form or _form(path, list(_FORMS))
    text = read_text(path, encoding)
    return table_of(
        path, text, form, allow_empty=allow_empty, by_id=by_id, unnamed_index=unnamed_index
    )


def table_of(
    path: Path,
    text: Text,
    form: Form | None = None,
    *,
    allow_empty: bool = False,
    by_id: tuple[str, str] | None = None,
    unnamed_index: bool = False,
) -> Table:
    """The table in a text, which messages call ``path``, as `read_table` reads it from a file."""
    form = form or _form(path, list(_FORMS))
    content, found_encoding = text
    lines: Sequence[int]
    if form in _DELIMITERS:
        columns, rows, lines, newline = csv_reader.parse(
            path, content, _DELIMITERS[form], unnamed_index=unnamed_index
        )
    else:
        columns, records = json_reader.table(path, content, by_id, by_line=form == "jsonl")
        rows = [tuple(record.values[name] for name in columns) for record in records]
        lines = [record.line for record in records]
        newline = "\r\n" if "\r\n" in content else "\n"
    if not rows and not allow_empty:
        what = "has a header but no rows" if form in _DELIMITERS else "holds no items"
        raise InputError(f"{path}: {what}")
    return Table(path, columns, rows, lines, found_encoding, newline)


def read_items(path: str | Path, *, encoding: str | None = None, form: Form | None = None) -> Items:
    """Read the objects of a JSON array or of JSON lines with their structure and types.

    For files that are judged by these, or filled in and written again; `read_table` is for
    everything else.

    Raises:
        InputError: as for `read_table`, except that the objects may differ in their keys.
    """
    path = Path(path)
    form = form or _form(path, [".json", ".jsonl"])
    text, found_encoding = read_text(path, encoding)
    found = json_reader.items(path, text, by_line=form == "jsonl")
    return Items([json_reader.plain(path, item) for item in found], found_encoding)


def _form(path: Path, suffixes: Sequence[str]) -> Form:
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        raise InputError(
            f"{path}: cannot be read as a table; supported are {', '.join(sorted(suffixes))}"
        )
    return _FORMS[suffix]
