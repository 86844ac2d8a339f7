"""The mean of the members' probabilities, for answers that were chosen by likelihood."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from submission.ensemble.members import Members
from submission.errors import InputError
from submission.prompts.choices import best
from submission.runs.answers import Answer


def averaged(found: Members, otherwise: Sequence[Answer]) -> list[Answer]:
    """The label of the highest mean probability, row by row, with those means.

    A row that no member chose the answer to has the one of ``otherwise``. Raises
    :class:`InputError` where no row has probabilities, where one member's are missing, and where
    members chose from different labels.
    """
    taken = []
    for row, other in zip(found.rows, otherwise, strict=True):
        known = [each.probabilities for each in row if each.probabilities is not None]
        if not known:
            taken.append(other)
            continue
        for member, answer in zip(found.members, row, strict=True):
            if answer.probabilities is None:
                raise InputError(
                    f"{member} has no probabilities for row '{answer.id}', and others have: only "
                    "answers that were chosen by likelihood have them ([choice] in the recipe). "
                    "Use --by majority."
                )
            if set(answer.probabilities) != set(known[0]):
                raise InputError(
                    f"{member} chose the answer to row '{answer.id}' from other labels than "
                    f"{found.members[0]}."
                )
        means = {label: fmean(each[label] for each in known) for label in known[0]}
        taken.append(row[0]._replace(text=best(means), probabilities=means))
    if not any(each.probabilities for each in taken):
        raise InputError(
            "--by probability: none of these runs has probabilities, which answers have that were "
            "chosen by likelihood ([choice] in the recipe). Use --by majority."
        )
    return taken


def closest(row: Sequence[Answer], taken: Answer) -> int:
    """The place of the first member whose answer it is; of the first one where it is nobody's."""
    return next((place for place, each in enumerate(row) if each.text == taken.text), 0)
