"""What an answer is, from the sample submission and the training answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from submission.competitions.answer import Kind
from submission.competitions.format import Vectors
from submission.competitions.new.seen import Seen, is_number

_VECTOR = re.compile(r"^(?P<prefix>.*\D)(?P<number>0|[1-9]\d*)$")
_FEWEST_VECTORS = 8
_SEPARATORS = (" ", ",", "|")


@dataclass(frozen=True)
class Field:
    """A column of the submission, and what its answers are."""

    column: str
    kind: Kind = "text"
    labels: tuple[str, ...] = ()
    separator: str | None = None
    length: int | None = None
    may_be_empty: bool = False

    def declared(self) -> dict[str, object]:
        """The keys of its table, defaults left out."""
        given = {
            "kind": self.kind if self.kind != "text" else None,
            "labels": list(self.labels) or None,
            "separator": self.separator,
            "length": self.length,
            "may_be_empty": self.may_be_empty or None,
        }
        return {key: value for key, value in given.items() if value is not None}


@dataclass(frozen=True)
class Shape:
    """What a submission is made of."""

    fields: tuple[Field, ...] = ()
    vectors: Vectors | None = None
    by_label: dict[str, str] = field(default_factory=dict)
    """Columns by the label whose probability they hold."""


def vector_columns(sample: Seen) -> Vectors | None:
    """A run of numbered columns from 0, as vectors are written."""
    runs: dict[str, list[int]] = {}
    for name in sample.columns:
        if match := _VECTOR.match(name):
            runs.setdefault(match["prefix"], []).append(int(match["number"]))
    for prefix, numbers in runs.items():
        if len(numbers) >= _FEWEST_VECTORS and numbers == list(range(len(numbers))):
            return Vectors(prefix=prefix, dimension=len(numbers))
    return None


def submitted_columns(
    sample: Seen, test: Seen, id_column: str, vectors: Vectors | None
) -> list[str]:
    """The columns that are to be filled in: neither ids, vectors, nor as in the test file."""
    skipped = {"", id_column, *(vectors.columns if vectors else [])}
    others = [name for name in sample.columns if name not in skipped]
    new = [name for name in others if name not in test.columns]
    if new or vectors is not None:
        return new
    # A template that is the test file has its answers empty in both.
    return [name for name in others if not test.filled(name)]


def shape_of(
    sample: Seen, columns: Sequence[str], gold: Sequence[str], labels: Sequence[str] | None
) -> Shape:
    """The fields of these columns; ``labels`` are those of options or of a closed set in ``gold``,
    the training answers.
    """
    by_label = _by_label(sample, columns, labels)
    if by_label:
        return Shape(by_label=by_label)
    if len(columns) == 1:
        return Shape((field_of(sample, columns[0], gold, labels),))
    # Which of several columns the training answers belong to is not known.
    return Shape(tuple(field_of(sample, name, (), None) for name in columns))


def field_of(sample: Seen, column: str, gold: Sequence[str], labels: Sequence[str] | None) -> Field:
    """What one column holds."""
    values, cells = sample.values(column), sample.filled(column)
    if any(not isinstance(each, str) for each in values):
        lists = all(
            isinstance(each, list) and all(isinstance(item, str) for item in each)
            for each in values
        )
        return Field(column, "list" if lists else "json")
    if labels:
        known = tuple(labels)
        if listed := _listed(cells, known):
            return Field(column, "list", known, *listed)
        if _labelled(cells, known):
            return Field(column, "label", known)
    if _numeric(sample, cells, gold, labels):
        return Field(column, "number")
    return Field(column, may_be_empty=0 < len(cells) < len(sample.cells(column)))


def _listed(cells: Sequence[str], labels: Sequence[str]) -> tuple[str, int] | None:
    """What stands between the labels of a cell, and how many there are at most."""
    for separator in _SEPARATORS:
        lists = [cell.split(separator) for cell in cells]
        length = max(map(len, lists), default=0)
        if length > 1 and set(labels).issuperset(chain(*lists)):
            return separator, length
    return None


def _labelled(cells: Sequence[str], labels: Sequence[str]) -> bool:
    """Whether labels belong there: they are there, or nothing is, or one placeholder."""
    different = set(cells)
    if different <= set(labels):
        return True
    return len(different) == 1 and not is_number(cells[0])


def _numeric(
    sample: Seen, cells: Sequence[str], gold: Sequence[str], labels: Sequence[str] | None
) -> bool:
    if gold and labels is None:
        return all(map(is_number, gold))
    # A whole number in a CSV file may be a placeholder for anything.
    whole = labels is None and sample.format == "csv"
    return bool(cells) and all(
        is_number(cell) and not (whole and "." not in cell) for cell in cells
    )


def _by_label(sample: Seen, columns: Sequence[str], labels: Sequence[str] | None) -> dict[str, str]:
    """Each label with the column that is called as it is, or ends so, if all hold numbers."""
    if labels is None or len(columns) < 2:
        return {}
    numbers = all(cells and all(map(is_number, cells)) for cells in map(sample.filled, columns))
    found = dict(_called(columns, labels)) if numbers else {}
    return found if len(found) == len(columns) == len(labels) else {}


def _called(columns: Sequence[str], labels: Sequence[str]) -> Iterator[tuple[str, str]]:
    for label in labels:
        named = [each for each in columns if each == label] or [
            each for each in columns if re.search(rf"[_ .-]{re.escape(label)}$", each)
        ]
        if len(named) == 1:
            yield label, named[0]
