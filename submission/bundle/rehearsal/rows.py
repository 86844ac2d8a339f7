"""Two submissions, row by row."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from submission.errors import InputError
from submission.tables import read_table

SHOWN = 20
"""Characters around the first difference that are shown."""


@dataclass(frozen=True)
class Difference:
    """A row that differs: in which column, and from which character on (counted from 0).

    ``column`` and ``place`` are None for a row that one of both does not have.
    """

    id: str
    column: str | None
    place: int | None
    expected: str
    found: str


class Comparison(NamedTuple):
    """Whether two submissions have the same bytes, which rows differ, and what is wrong."""

    identical: bool
    different: list[Difference]
    problem: str | None = None


def compare_submissions(expected: Path, found: Path, id_column: str) -> Comparison:
    """Compare what a script wrote with what it should have."""
    if not found.is_file():
        return Comparison(False, [], f"the script writes no {found.name} into its folder")
    if found.read_bytes() == expected.read_bytes():
        return Comparison(True, [])
    try:
        different = different_rows(expected, found, id_column)
    except InputError as error:
        return Comparison(False, [], str(error).replace(str(found), found.name))
    if not different:
        words = "the rows are the same, but not the bytes: line ends, quotes or a byte-order mark"
        return Comparison(False, [], words)
    first = different[0]
    place = "" if first.place is None else f", column {first.column!r}, character {first.place}"
    count = "1 row differs" if len(different) == 1 else f"{len(different)} rows differ"
    words = f"{count} from the run's submission: first {first.id}{place}"
    return Comparison(False, different, words)


def different_rows(expected: Path, found: Path, id_column: str) -> list[Difference]:
    """The rows that differ, in the order of ``expected``.

    Raises :class:`InputError` for a file that is no table with the id column.
    """
    one, two = _rows(expected, id_column), _rows(found, id_column)
    differences = []
    for row_id in [*one, *(each for each in two if each not in one)]:
        left, right = one.get(row_id), two.get(row_id)
        if left is None or right is None:
            told = "there is no such row"
            differences.append(
                Difference(row_id, None, None, "" if left else told, "" if right else told)
            )
            continue
        for column in [*left, *(each for each in right if each not in left)]:
            texts = left.get(column, ""), right.get(column, "")
            if texts[0] != texts[1] or (column in left) != (column in right):
                place = _parting(*texts)
                start = max(0, place - SHOWN)
                shown = (text[start : place + SHOWN] for text in texts)
                differences.append(Difference(row_id, column, place, *shown))
                break
    return differences


def _rows(path: Path, id_column: str) -> dict[str, dict[str, str]]:
    table = read_table(path, unnamed_index=True)
    ids = table.ids(id_column)
    return {row_id: dict(record.values) for row_id, record in zip(ids, table.records, strict=True)}


def _parting(one: str, two: str) -> int:
    pairs = zip(one, two, strict=False)
    length = min(len(one), len(two))
    return next((place for place, (a, b) in enumerate(pairs) if a != b), length)
