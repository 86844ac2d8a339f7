"""What a question offers to choose from: its own options, or a closed set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from evaluators.text.options import labelled_options
from submission.competitions.profile import Profile
from submission.errors import InputError, few
from submission.recipes.choice import Choice
from submission.records.rows import Question

FEWEST = 2


def with_options(
    choice: Choice | None, profile: Profile, questions: Sequence[Question], path: Path
) -> Sequence[Question]:
    """The questions, each with its options and labels; as they are where there is no choice.

    They are, in this order, those of the recipe, of the question's columns, of the competition
    (where an answer is one of its labels), and those that the question lists. Raises
    :class:`InputError`, with the first such row of ``path`` and its column, where a question has
    fewer than two, unless the recipe generates an answer to it.
    """
    if choice is None:
        return questions
    found = [_with_options(choice, profile, question) for question in questions]
    without = [each for each in found if len(each.options) < FEWEST]
    if without and choice.others == "refuse":
        columns = profile.test.options or [profile.test.question or "template"]
        raise InputError(
            f"{path}, row '{without[0].id}', column {few(columns)}: no options to choose from"
            + (f", nor in {len(without) - 1} other rows" if len(without) > 1 else "")
            + ". Name them in choice.options, or have such questions answered in words: "
            "choice.others = 'generate'."
        )
    return found


def _with_options(choice: Choice, profile: Profile, question: Question) -> Question:
    submission = profile.submission
    if choice.options:
        options, labels = choice.options, choice.labels or choice.options
    elif question.options:
        options, labels = list(question.options), list(question.labels)
    elif submission.kind == "label":
        options, labels = submission.names or submission.labels, submission.labels
    else:
        listed = labelled_options(question.text)
        options, labels = [text for _, text in listed], [label for label, _ in listed]
    if choice.labels and not choice.options:
        if len(options) > len(choice.labels):
            raise InputError(
                f"Question '{question.id}' has {len(options)} options, and choice.labels names "
                f"{len(choice.labels)}. Name as many as the longest question has."
            )
        labels = choice.labels[: len(options)]
    if len(options) < FEWEST:
        options, labels = [], []
    return replace(question, options=tuple(options), labels=tuple(labels))
