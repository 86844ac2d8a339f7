"""A person chooses: which prompt comes next, what a key does, and the pairs that follow."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from baselines.preference.candidates import Choice
from baselines.preference.journal import Journal
from baselines.preference.pairs import Origin, Pair
from submission.errors import InputError

BY = "person"


class Key(Enum):
    """What can be answered instead of a candidate."""

    SKIP = "skip"
    UNDO = "undo"
    QUIT = "quit"


@dataclass(frozen=True, slots=True)
class Question:
    """What is shown: a prompt, its answers in an order of chance, and how far the work is."""

    question: str
    context: str
    answers: tuple[str, ...]
    done: int
    total: int
    undoable: bool


class Screen(Protocol):
    """Where a person sees a question and answers it."""

    def ask(self, question: Question) -> int | Key:
        """The place of the best answer in ``question.answers``, or one of the keys."""
        ...


def choose(choices: Sequence[Choice], journal: Journal, screen: Screen, seed: int) -> bool:
    """Ask for every prompt that is not decided, each decision durable at once.

    Which sample an answer came from is not shown, and its place is drawn from ``seed`` and the
    prompt alone. Returns whether every prompt is decided.
    """
    while True:
        decided = journal.decided
        left = [choice for choice in choices if choice.key not in decided]
        if not left:
            return True
        choice = left[0]
        order = _order(choice, seed)
        answer = screen.ask(
            Question(
                question=choice.question,
                context=choice.context,
                answers=tuple(choice.candidates[place].text for place in order),
                done=len(choices) - len(left),
                total=len(choices),
                undoable=bool(decided),
            )
        )
        if answer is Key.QUIT:
            return False
        if answer is Key.UNDO:
            journal.undo()
        elif answer is Key.SKIP:
            journal.decide(choice.key, None)
        elif isinstance(answer, int):
            journal.decide(choice.key, order[answer])


def _order(choice: Choice, seed: int) -> list[int]:
    places = list(range(len(choice.candidates)))
    random.Random(f"{seed}/{choice.key}").shuffle(places)  # noqa: S311 -- no secret
    return places


def chosen_pairs(
    choices: Sequence[Choice], decided: Mapping[str, int | None], run: str
) -> Iterator[tuple[Pair, Origin]]:
    """The best answer to each decided prompt against each of the others."""
    for choice in choices:
        best = decided.get(choice.key)
        if best is None:
            continue
        if not 0 <= best < len(choice.candidates):
            raise InputError(
                f"Question '{choice.id}': the decisions file names answer {best}, which does not "
                "exist. Remove that line from the file, and choose again."
            )
        chosen = choice.candidates[best]
        for other in choice.candidates:
            if other is not chosen:
                yield (
                    choice.pair(chosen, other),
                    Origin(choice.id, choice.part, run, BY, chosen.sample, other.sample),
                )
