"""Which answers keep rows together, and which are labels of a closed set, such as ``긍정``.

Two rows with the same label or number have nothing in common that a model could learn by heart;
two rows with the same sentence have.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from evaluators.text.options import listed_options, split_options
from evaluators.text.structured import number
from submission.competitions.columns import TrainColumns
from submission.competitions.declared import INDEX
from submission.competitions.profile import Profile
from submission.records.read import answers_by_column
from submission.records.rows import TrainingRow

_FREQUENT = 5
"""Rows that an answer must be given to before it counts as common."""
_FEW_RARE = 5
_ROWS_PER_LABEL = 10
_COVERED = 0.95
_LABEL = re.compile(r".{1,30}(?<![.?!。？！])")


@dataclass(frozen=True)
class Labels:
    """Every answer column judged on its own.

    Answers in ``closed`` columns never keep rows together; those in ``spread`` columns are labels.
    In any column, an option of the row's own question is a label, and so is the name of a column
    of the test file, which holds an option (``options``). Labels are compared as they are written,
    outer white space aside.
    """

    train: TrainColumns
    closed: frozenset[str]
    spread: frozenset[str]
    options: frozenset[str] = frozenset()
    options_column: str | None = None

    @classmethod
    def of(cls, profile: Profile, train: TrainColumns, rows: Sequence[TrainingRow]) -> Labels:
        """As the competition declares its columns, else as far as their answers show.

        Columns of nothing but numbers are closed. So are those with ten rows or more for each
        different answer, nearly all of them short, no sentences, and, a few kinds aside, common.
        """
        given: dict[str, Counter[str]] = {name: Counter() for name in train.answers}
        for row in rows:
            for name, texts in answers_by_column(train, row.row).items():
                given[name].update(text.strip() for text in texts)
        declared = {name: _declared(profile, train, name) for name in given}
        spread = {name for name in given if declared[name] == "labels" or _is_set(given[name])}
        numbers = {name for name in given if all(number(text) is not None for text in given[name])}
        closed = {name for name in given if declared[name] is not None}
        ends = {name.rpartition(".")[2] for name in profile.test.columns} - {INDEX}
        return cls(
            train,
            frozenset(spread | numbers | closed),
            frozenset(spread),
            frozenset(ends),
            profile.meta.options,
        )

    def free(self, row: TrainingRow) -> list[str]:
        """The row's answers that keep it together with others that have them."""
        answers = self._answers(row)
        return [
            text
            for name, text in answers
            if name not in self.closed and not self._is_option(row, text)
        ]

    def label(self, row: TrainingRow) -> str:
        """The row's first label; empty where its answers are none."""
        answers = self._answers(row)
        labels = (
            text for name, text in answers if name in self.spread or self._is_option(row, text)
        )
        return next(labels, "")

    def _answers(self, row: TrainingRow) -> Iterator[tuple[str, str]]:
        for name, texts in answers_by_column(self.train, row.row).items():
            for text in texts:
                yield name, text.strip()

    def _is_option(self, row: TrainingRow, text: str) -> bool:
        if text in self.options or text in row.labels or text in row.options:
            return True
        cell = row.row.get(self.options_column, "") if self.options_column else ""
        options = split_options(cell) or listed_options(row.questions[0])
        # "①" chooses the first, as "1" does.
        chosen = unicodedata.normalize("NFKC", text)
        return chosen in {str(place) for place, _ in enumerate(options, start=1)}


def _declared(
    profile: Profile, train: TrainColumns, column: str
) -> Literal["labels", "numbers"] | None:
    """What the answers of the column are, where the competition says so."""
    submission = profile.submission
    if profile.test.options and len(train.answers) == 1:
        return "labels"
    names = {name: {name, field.column} for name, field in submission.fields.items()}
    fields = [submission.fields[name] for name in names if column in names[name]] or [
        submission.fields[name] for name in names if names[name].isdisjoint(train.answers)
    ]
    # Of ranked lists and probabilities, too, the answer in train is one label of the set.
    if submission.kind == "probabilities" or (fields and all(each.labels for each in fields)):
        return "labels"
    if fields and all(each.labels or each.kind == "number" for each in fields):
        return "numbers"
    return None


def _is_set(given: Counter[str]) -> bool:
    """Whether answers, each given to so many rows, are the labels of a closed set."""
    total = given.total()
    short = sum(n for text, n in given.items() if _LABEL.fullmatch(text))
    rare = [n for n in given.values() if n < _FREQUENT]
    common = len(rare) <= _FEW_RARE or sum(rare) <= (1 - _COVERED) * total
    enough = total >= _ROWS_PER_LABEL * len(given)
    return len(given) > 1 and enough and short >= _COVERED * total and common
