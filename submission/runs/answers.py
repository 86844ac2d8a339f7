"""A run's completions as answers: extracted, parts joined, degenerate ones marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pydantic import ValidationError

from submission.errors import InputError
from submission.prompts.compound import join
from submission.prompts.extract import extract
from submission.recipes import Recipe
from submission.runs.degenerate import Flaw, Given, flaws
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart


@dataclass(frozen=True, slots=True)
class Answer:
    """What one test row was answered.

    ``flaws`` are those of any of its ``parts``. ``mended``: a part's answer was generated anew,
    because the first one was degenerate.
    """

    id: str
    question: str
    text: str
    flaws: frozenset[Flaw] = frozenset()
    mended: bool = False
    parts: int = 1


@dataclass(frozen=True, slots=True)
class Degenerate:
    """How many answers of a run are of no use, by reason; ``any`` counts each answer once."""

    empty: int
    cut_off: int
    too_long: int
    echoed: int
    looping: int
    wrong_language: int
    duplicated: int
    any: int


def run_recipe(ledger: Ledger, run: str) -> Recipe:
    """What ``run`` was made with. Raises :class:`InputError` for another version's."""
    try:
        return Recipe.model_validate_json(ledger.run(run).recipe)
    except ValidationError:
        raise InputError(
            f"Run '{run}' was made by another version of leaderkit. Generate it again with --fresh."
        ) from None


def run_answers(
    ledger: Ledger, run: str, *, sample: int = 0, partial: bool = False
) -> list[Answer]:
    """Every row's answer, in the order of the test file; with ``partial`` of the finished rows.

    Raises :class:`InputError` for an unknown run and for one that is not finished, unless
    ``partial``.
    """
    recipe = run_recipe(ledger, run)
    parts = [part for part in ledger.parts(run) if part.sample == sample]
    if not parts:
        raise InputError(f"Run '{run}' has no sample {sample}.")
    unfinished = {part.position for part in parts if part.completion is None}
    if unfinished and not partial:
        total = len({part.position for part in parts})
        raise InputError(
            f"Run '{run}' is not finished: {total - len(unfinished)} of {total} rows are answered. "
            "Resume it with the same leaderkit generate command."
        )
    done = [part for part in parts if part.position not in unfinished]
    answers = [given(part, recipe) for part in done]
    marked = list(zip(done, answers, flaws(answers, recipe), strict=True))
    return [
        _answer(list(group), recipe)
        for _, group in groupby(marked, key=lambda each: each[0].position)
    ]


def given(part: FinishedPart, recipe: Recipe) -> Given:
    """A finished part as its question and the answer extracted."""
    if part.completion is None:
        raise ValueError(f"{part.row_id} has no completion")
    text = extract(part.completion.text, recipe.extraction)
    return Given(part.question, text, part.completion.finish)


def _answer(
    marked: Sequence[tuple[FinishedPart, Given, frozenset[Flaw]]], recipe: Recipe
) -> Answer:
    return Answer(
        id=marked[0][0].row_id,
        question=" ".join(part.question for part, _, _ in marked),
        text=join([answer.text for _, answer, _ in marked], recipe.prompt.compound.joiner),
        flaws=frozenset().union(*(found for _, _, found in marked)),
        mended=any(part.mended for part, _, _ in marked),
        parts=len(marked),
    )


def degenerate(answers: Sequence[Answer]) -> Degenerate:
    """Counts over ``answers``."""
    counts = {flaw: sum(flaw in answer.flaws for answer in answers) for flaw in Flaw}
    return Degenerate(**counts, any=sum(bool(answer.flaws) for answer in answers))
