"""The test file's cells: one question each, or two joined as the organizers join them."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from submission.competitions.columns import TrainColumns
from submission.prompts.compound import is_compound, join
from submission.records.read import answer_cells
from submission.records.rows import Reference, TrainingRow

CONNECTORS = (" 또한, ", " 그리고 ")

_FINISHED = re.compile(r"""[.?!。？！]['"”’)]*$""")
_REQUEST = re.compile(r"(?:줘|주라|세요|시오|궁금\w*|다)$")
_HALF = Fraction(1, 2)


@dataclass(frozen=True, slots=True)
class Cell:
    """A test row's question and the training rows, one or two, that it was made of."""

    question: str
    rows: tuple[int, ...]


class _Asked(NamedTuple):
    row: int
    phrasing: str
    group: int
    category: str


def make_cells(
    rows: Sequence[TrainingRow],
    held_out: Sequence[int],
    group_of: Sequence[int],
    joined: Fraction,
    rng: random.Random,
) -> list[Cell]:
    """Every held-out row in one cell, by one of its phrasings; cells in random order.

    As near to ``joined`` of the cells as whole rows allow hold two questions, of different
    categories while there are any, else of different groups.
    """
    asked = [
        _Asked(row, rng.choice(askable(rows[row])), group_of[row], rows[row].category)
        for row in held_out
    ]
    rng.shuffle(asked)
    # Of R rows, J cells with two leave R - J cells in all: J = joined * (R - J).
    pairs = int(len(asked) * joined / (1 + joined) + _HALF)
    joinable = [one for one in asked if not is_compound(one.phrasing)]
    pairs = min(pairs, len(joinable) // 2)
    paired = joinable[: 2 * pairs]
    used = {one.row for one in paired}
    cells = [Cell(one.phrasing, (one.row,)) for one in asked if one.row not in used]
    while paired:
        first = paired.pop(0)
        second = paired.pop(_partner(first, paired))
        question = joined_question(first.phrasing, second.phrasing, rng)
        cells.append(Cell(question, (first.row, second.row)))
    rng.shuffle(cells)
    return cells


def joined_question(first: str, second: str, rng: random.Random) -> str:
    """Two questions in one cell, joined as the organizers join them."""
    return finished(first) + rng.choice(CONNECTORS) + second.strip()


def finished(question: str) -> str:
    """The question ending as a sentence does, so that what follows it begins a new one."""
    question = question.strip()
    if _FINISHED.search(question):
        return question
    return question + ("." if _REQUEST.search(question) else "?")


def reference(
    test_id: str, cell: Cell, columns: TrainColumns, rows: Sequence[TrainingRow]
) -> Reference:
    """What the cell should be answered, as train has it: of two rows, the i-th answers of both."""
    parts = [rows[row] for row in cell.rows]
    written = [answer_cells(columns, part.row) for part in parts]
    answers = tuple(join(list(pair), " ") for pair in zip(*written, strict=False))
    categories = dict.fromkeys(part.category for part in parts if part.category)
    return Reference(test_id, answers, "+".join(categories))


def askable(row: TrainingRow) -> Sequence[str]:
    """The row's phrasings, those with one question if there are any."""
    return [text for text in row.questions if not is_compound(text)] or row.questions


def _partner(first: _Asked, others: Sequence[_Asked]) -> int:
    def strangeness(place: int) -> tuple[bool, bool]:
        other = others[place]
        return other.group != first.group, other.category != first.category

    for place in range(len(others)):
        if strangeness(place) == (True, True):
            return place
    return max(range(len(others)), key=strangeness)
