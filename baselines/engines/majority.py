"""The most frequent training answer to questions of the same type."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import cached_property

from baselines.engines.base import AnswerEngine
from evaluators.text.choices import choice
from evaluators.text.options import listed_options
from evaluators.text.structured import probabilities
from submission.engines.base import EngineContext, Request
from submission.errors import InputError
from submission.records.labels import label_reader
from submission.records.rows import TrainingRow


class Majority(AnswerEngine):
    """One answer per type of question, the type read from its options.

    A question with options in its text or in columns gets the most frequent answer among those that
    choose one of its options, any other the most frequent answer to questions without options. Of
    equally frequent answers the first in sorted order is given. A type that the training file lacks
    gets the most frequent answer of the whole file. Every answer of a row counts.

    Where probabilities are asked for, every question gets each label's share of the training
    answers.
    """

    name = "majority"

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        self._labelled: Counter[str] = Counter()
        self._plain: Counter[str] = Counter()
        self._given: dict[tuple[int, tuple[str, ...]], str] = {}
        for row in self.training_rows():
            kind = self._labelled if _options(row) else self._plain
            kind.update(text.strip() for text in row.answers)

    def answers(self, requests: Sequence[Request]) -> Sequence[str]:
        """Per request the majority answer of its question's type, or the shares of the labels."""
        if self.task.competition.profile.submission.kind == "probabilities":
            return [self._shares] * len(requests)
        return [self._answer(request) for request in requests]

    @cached_property
    def _shares(self) -> str:
        read = label_reader(self.task.competition.profile.submission)
        total: dict[str, float] = defaultdict(float)
        for text, times in (self._labelled + self._plain).items():
            shares = probabilities(read(text))
            if shares is None:
                raise InputError(
                    f"Recipe '{self.name}': the training answer '{text[:40]}' is none of the "
                    "competition's labels."
                )
            for label, share in shares.items():
                total[label] += share * times
        rows = sum(total.values())
        return json.dumps({label: n / rows for label, n in total.items()}, ensure_ascii=False)

    def _answer(self, request: Request) -> str:
        labels = request.question.labels
        kind = (len(labels) or len(listed_options(request.text)), labels)
        if kind not in self._given:
            self._given[kind] = self._majority(*kind)
        return self._given[kind]

    def _majority(self, options: int, labels: Sequence[str]) -> str:
        everything = self._labelled + self._plain
        if not options:
            return _most_frequent(self._plain or everything)
        # Without their texts, what is read is a label: one of as many options as there are.
        blank = ("",) * options
        fitting = Counter(
            {
                text: n
                for text, n in self._labelled.items()
                if choice(text, blank, labels) is not None
            }
        )
        return _most_frequent(fitting or self._labelled or everything)


def _options(row: TrainingRow) -> int:
    return len(row.options) or max(len(listed_options(question)) for question in row.questions)


def _most_frequent(counts: Counter[str]) -> str:
    return min(counts, key=lambda text: (-counts[text], text))
