"""A run's several answers to each prompt, as something to choose from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from baselines.preference.pairs import Pair
from submission.engines.base import Finish
from submission.errors import InputError
from submission.files.digest import digest
from submission.records.rows import Question
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer as the model wrote it, and the number of the first sample that did."""

    text: str
    sample: int


@dataclass(frozen=True, slots=True)
class Choice:
    """One prompt and at least two different answers to it, in the order of the samples.

    ``parts`` is how many prompts the test row became; ``key`` is equal for the same prompt with
    the same answers, and for nothing else.
    """

    key: str
    id: str
    part: int
    parts: int
    question: str
    context: str
    row: Mapping[str, str]
    candidates: tuple[Candidate, ...]
    options: Sequence[tuple[str, str]] = ()

    def pair(self, chosen: Candidate, rejected: Candidate) -> Pair:
        """The prompt with two of its answers."""
        return Pair(self.question, self.context, self.row, chosen.text, rejected.text, self.options)


@dataclass(frozen=True, slots=True)
class Choices:
    """What there is to choose from. ``alike`` prompts have fewer than two different answers;
    ``cut_off`` answers, over all prompts, never came to their end.
    """

    choices: tuple[Choice, ...]
    alike: int
    cut_off: int


def read_choices(ledger: Ledger, run: str, questions: Sequence[Question]) -> Choices:
    """The prompts of ``run``, which asked ``questions``, with their different answers.

    An answer that the length limit cut off is no candidate: its end, which training would add,
    is not the model's. White space around an answer does not tell two apart, and neither does a
    NUL, which is left out: no file of pairs may hold one.

    Raises :class:`InputError` for an unknown or unfinished run, one with a single sample, and
    questions that are not those of the run.
    """
    parts = list(ledger.parts(ledger.run(run).name))
    unfinished = sum(part.completion is None for part in parts)
    if unfinished:
        raise InputError(
            f"Run '{run}' is not finished: {unfinished} of {len(parts)} answers are missing. "
            "Resume it with the same leaderkit generate command."
        )
    if all(part.sample == 0 for part in parts):
        raise InputError(
            f"Run '{run}' has one answer per prompt. Generate several with leaderkit generate "
            "--samples 4 --set sampling.temperature=0.8."
        )
    choices: list[Choice] = []
    alike = cut_off = 0
    for position, group in groupby(parts, key=lambda part: part.position):
        of_row = list(group)
        question = _question(questions, position, of_row[0], run)
        for choice, lost in _of_row(of_row, question):
            cut_off += lost
            if len(choice.candidates) < 2:
                alike += 1
            else:
                choices.append(choice)
    return Choices(tuple(choices), alike, cut_off)


def _question(
    questions: Sequence[Question], position: int, part: FinishedPart, run: str
) -> Question:
    found = questions[position] if position < len(questions) else None
    if found is None or found.id != part.row_id or part.question not in found.text:
        raise InputError(
            f"The test file is not the one that run '{run}' answered: its row {position + 1} is "
            f"not '{part.row_id}' with that run's question. Give the right one with --test."
        )
    return found


def _of_row(parts: Sequence[FinishedPart], question: Question) -> Iterator[tuple[Choice, int]]:
    """Each prompt of a row, and how many of its answers were cut off."""
    numbers = sorted({part.part for part in parts})
    for number in numbers:
        of_part = [part for part in parts if part.part == number]
        first: dict[str, int] = {}
        lost = 0
        for part in of_part:
            if part.completion is None or part.completion.finish is not Finish.STOP:
                lost += 1
            else:
                first.setdefault(part.completion.text.replace("\0", "").strip(), part.sample)
        asked = of_part[0].question
        yield (
            Choice(
                key=digest([question.id, str(number), asked, question.context, *first]),
                id=question.id,
                part=number,
                parts=len(numbers),
                question=asked,
                context=question.context,
                row=question.row,
                candidates=tuple(Candidate(text, sample) for text, sample in first.items()),
                options=question.labelled,
            ),
            lost,
        )
