"""The questions behind the rows that are compared, from wherever they are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.prompts.compound import is_compound
from submission.records.read import read_questions
from submission.records.rows import Reference
from submission.runs.answers import Answer
from submission.scoring.subjects import Subject


@dataclass(frozen=True, slots=True)
class Asked:
    """A row's question, and whether its cell holds several."""

    text: str
    compound: bool


def find_questions(
    profile: Profile,
    references: Sequence[Reference],
    test: Path | None,
    subjects: Sequence[Subject],
) -> dict[str, Asked]:
    """The questions by row id: of the test file, else of the references file, else of a run.

    Empty where none of them has the questions of all rows. Raises :class:`InputError` for a test
    file that lacks a row of the references.
    """
    ids = {reference.id for reference in references}
    if test is not None:
        found = {each.id: each.text for each in read_questions(profile, test)}
        missing = [reference.id for reference in references if reference.id not in found]
        if missing:
            raise InputError(
                f"{test}: has no question for {len(missing)} row(s) of the references, such as "
                f"'{missing[0]}'."
            )
        return {row_id: _asked(found[row_id]) for row_id in ids}
    told = {each.id: text for each in references if (text := each.meta.get("question", ""))}
    if ids and told.keys() == ids:
        return {row_id: _asked(text) for row_id, text in told.items()}
    for subject in subjects:
        asked = {answer.id: answer for answer in subject.answers}
        if ids and ids <= asked.keys():
            return {row_id: _answered(asked[row_id]) for row_id in ids}
    return {}


def _asked(text: str) -> Asked:
    return Asked(text, is_compound(text))


def _answered(answer: Answer) -> Asked:
    # Split cells are kept without what joined their questions.
    return Asked(answer.question, answer.parts > 1 or is_compound(answer.question))
