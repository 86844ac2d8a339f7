"""The questions behind the rows that are compared, wherever they can be had from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.prompts.compound import is_compound
from submission.records.read import read_questions
from submission.records.rows import Reference
from submission.runs.ledger import Ledger


@dataclass(frozen=True, slots=True)
class Asked:
    """A row's question, and whether its cell holds several."""

    text: str
    compound: bool


def find_questions(
    profile: Profile,
    references: Sequence[Reference],
    test: Path | None,
    ledger: Ledger | None,
    runs: Sequence[str],
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
    for run in runs:
        asked = _of_run(ledger, run) if ledger is not None else {}
        if ids <= asked.keys():
            return {row_id: asked[row_id] for row_id in ids}
    return {}


def _asked(text: str) -> Asked:
    return Asked(text, is_compound(text))


def _of_run(ledger: Ledger, run: str) -> Mapping[str, Asked]:
    parts = [part for part in ledger.parts(run) if part.sample == 0]
    found = {}
    for row_id, group in groupby(parts, key=lambda part: part.row_id):
        texts = [part.question for part in group]
        # Split cells are kept without what joined their questions.
        found[row_id] = Asked(" ".join(texts), len(texts) > 1 or is_compound(texts[0]))
    return found
