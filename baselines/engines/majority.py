"""The most frequent training answer to questions of the same type."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from baselines.engines.base import AnswerEngine
from evaluators.text.choices import choice
from submission.engines.base import EngineContext
from submission.records.rows import TrainingRow

_NUMBER: Final = r"[1-9]|1\d|20"
# A line may begin with "1 ", "1.", "(1)" or "①"; within it a number needs more to be an option's.
_MARK: Final = re.compile(
    rf"^[ \t]*\(?(?P<first>{_NUMBER})(?:[ \t]|[.):](?!\d))"
    rf"|(?<=\s)\(?(?P<within>{_NUMBER})[.):](?=\s)"
    r"|(?:^|(?<=\s))(?P<circled>[①-⑳])",
    re.MULTILINE,
)


def option_count(question: str) -> int:
    """Return how many numbered options stand in the question's own text; 0 where none do.

    They count up from 1 without a gap; of several such lists the last one is the options.
    """
    count = 0
    for mark in _MARK.finditer(question):
        number = _number(mark)
        if number == 1:
            count = 1
        elif number == count + 1:
            count = number
    return count if count > 1 else 0


def _number(mark: re.Match[str]) -> int:
    circled = mark["circled"]
    return ord(circled) - ord("①") + 1 if circled else int(mark["first"] or mark["within"])


class Majority(AnswerEngine):
    """One answer per type of question, the type read from the question's own text.

    A question with numbered options gets the most frequent answer among those that choose one of
    its options, any other the most frequent answer to questions without options. Of equally
    frequent answers the first in sorted order is given. A type that the training file lacks gets
    the most frequent answer of the whole file. Every answer of a row counts.
    """

    name = "majority"

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        self._labelled: Counter[str] = Counter()
        self._plain: Counter[str] = Counter()
        for row in self.training_rows():
            kind = self._labelled if _options(row) else self._plain
            kind.update(text.strip() for text in row.answers)

    def answers(self, questions: Sequence[str]) -> Sequence[str]:
        """Per question the majority answer of its type."""
        counts = [option_count(question) for question in questions]
        given = {count: self._answer(count) for count in set(counts)}
        return [given[count] for count in counts]

    def _answer(self, options: int) -> str:
        everything = self._labelled + self._plain
        if not options:
            return _most_frequent(self._plain or everything)
        # Without their texts, what is read is a label: one of as many options as there are.
        blank = ("",) * options
        fitting = Counter(
            {text: n for text, n in self._labelled.items() if choice(text, blank) is not None}
        )
        return _most_frequent(fitting or self._labelled or everything)


def _options(row: TrainingRow) -> int:
    return max(option_count(question) for question in row.questions)


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda text: (-counts[text], text))
