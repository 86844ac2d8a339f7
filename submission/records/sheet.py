"""Templates and submissions: ids and answers as they stand in a file of the declared format."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.declared import INDEX
from submission.competitions.format import SubmissionFormat
from submission.errors import InputError
from submission.tables import Form, Items, Table, read_items, read_table

Item = Mapping[str, object]


@dataclass(frozen=True)
class Sheet:
    """A template or a submission.

    ``table`` has all columns of a CSV file; of a JSON file the id and the answers, by their dotted
    paths, where at least one of the ``items`` has them.
    """

    table: Table
    items: Sequence[Item] = ()


def form_of(submission: SubmissionFormat, path: Path) -> Form | None:
    """The form of a file that is named as the competition's are; None leaves it to the suffix."""
    if submission.suffix is None or path.suffix.lower() != submission.suffix:
        return None
    if (submission.format, submission.suffix) == ("csv", ".tsv"):
        return "tsv"
    return submission.format


def read_sheet(submission: SubmissionFormat, path: Path, *, allow_empty: bool = False) -> Sheet:
    """Read a template or a submission.

    Raises:
        InputError: as :func:`read_table` and :func:`read_items` do.
    """
    form = form_of(submission, path)
    if submission.format == "csv":
        unnamed = INDEX in submission.columns
        return Sheet(read_table(path, form=form, allow_empty=allow_empty, unnamed_index=unnamed))
    items = read_items(path, form=form)
    if not items.values and not allow_empty:
        raise InputError(f"{path}: holds no items")
    return Sheet(json_table(path, items, submission.header), items.values)


def guessed_form(submission: SubmissionFormat, path: Path) -> Form | None:
    """The form of answers from anywhere: JSON that is named ``.csv`` is told by how it begins."""
    form = form_of(submission, path)
    if form in {"json", "jsonl"} and path.suffix.lower() in {".csv", ".tsv"}:
        return form if _begins_with(path, b"[" if form == "json" else b"{") else None
    return form


def is_array_or_lines(path: Path, form: Form | None) -> bool:
    """Whether a file is a JSON array or JSON lines, and not one object or another kind of file."""
    if form == "jsonl" or (form is None and path.suffix.lower() == ".jsonl"):
        return True
    return (form == "json" or path.suffix.lower() == ".json") and _begins_with(path, b"[")


def _begins_with(path: Path, mark: bytes) -> bool:
    try:
        with path.open("rb") as handle:
            return handle.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(mark)
    except OSError:
        return False  # what is wrong is said where the file is read


def json_table(path: Path, items: Items, names: Iterable[str]) -> Table:
    """The columns of these dotted paths that at least one of a file's objects has, as text."""
    columns = [
        name for name in dict.fromkeys(names) if any(has(item, name) for item in items.values)
    ]
    rows = [tuple(shown(at(item, name)) for name in columns) for item in items.values]
    return Table(path, tuple(columns), rows, range(1, len(rows) + 1), items.encoding, "\n")


def at(item: Item, path: str) -> object:
    """The value at a dotted path, None where there is none."""
    value: object = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def has(item: Item, path: str) -> bool:
    """Whether there is a value, perhaps null, at a dotted path."""
    outer, _, key = path.rpartition(".")
    holder = at(item, outer) if outer else item
    return isinstance(holder, dict) and key in holder


def put(item: Item, path: str, value: object) -> dict[str, object]:
    """``item`` with ``value`` at a dotted path, and everything else as it was."""
    outer, _, inner = path.partition(".")
    if not inner:
        return {**item, outer: value}
    below = item.get(outer)
    return {**item, outer: put(below if isinstance(below, dict) else {}, inner, value)}


def nested_form(path: str) -> str:
    """How a dotted path is written in a JSON file, as a sentence."""
    text = "…"
    for key in reversed(path.split(".")):
        text = f'{{"{key}": {text}}}'
    return f"Write {text}."


def shown(value: object) -> str:
    """A JSON value as a cell: a text as it is, nothing for null, anything else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
