"""The most frequent training answer to questions of the same type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from baselines.engines.base import AnswerEngine
from evaluators.text.choices import choice
from evaluators.text.options import listed_options
from submission.engines.base import EngineContext
from submission.records.rows import TrainingRow


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
        counts = [len(listed_options(question)) for question in questions]
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
    return max(len(listed_options(question)) for question in row.questions)


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda text: (-counts[text], text))
