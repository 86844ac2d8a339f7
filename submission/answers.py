"""A run's completions as answers: extracted, parts joined, degenerate ones marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from pydantic import ValidationError

from submission.engines.base import Finish
from submission.errors import InputError
from submission.ledger import FinishedPart, Ledger
from submission.prompts.compound import join
from submission.prompts.extract import echoes, extract
from submission.recipes import Recipe


@dataclass(frozen=True, slots=True)
class Answer:
    """What one test row was answered.

    ``cut_off``: a part ended at the length limit. ``too_long``: a part's prompt did not fit the
    context and got no answer. ``echoed``: a part's answer opens with its question.
    """

    id: str
    question: str
    text: str
    cut_off: bool
    too_long: bool
    echoed: bool

    @property
    def empty(self) -> bool:
        """Whether nothing was answered."""
        return not self.text.strip()


@dataclass(frozen=True, slots=True)
class Degenerate:
    """How many answers of a run are of no use, by reason."""

    empty: int
    cut_off: int
    too_long: int
    echoed: int


def run_answers(
    ledger: Ledger, run: str, *, sample: int = 0, partial: bool = False
) -> list[Answer]:
    """Every row's answer, in the order of the test file; with ``partial`` of the finished rows.

    Raises :class:`InputError` for an unknown run and for one that is not finished, unless
    ``partial``.
    """
    record = ledger.run(run)
    try:
        recipe = Recipe.model_validate_json(record.recipe)
    except ValidationError:
        raise InputError(
            f"Run '{run}' was made by another version of leaderkit. Generate it again with --fresh."
        ) from None
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
    return [
        _answer(list(group), recipe)
        for position, group in groupby(parts, key=lambda part: part.position)
        if position not in unfinished
    ]


def _answer(parts: Sequence[FinishedPart], recipe: Recipe) -> Answer:
    texts, cut_off, too_long, echoed = [], False, False, False
    for part in parts:
        if part.completion is None:
            continue
        text = extract(part.completion.text, recipe.extraction)
        texts.append(text)
        cut_off |= part.completion.finish is Finish.LENGTH
        too_long |= part.completion.finish is Finish.PROMPT_TOO_LONG
        echoed |= echoes(text, part.question)
    return Answer(
        id=parts[0].row_id,
        question=" ".join(part.question for part in parts),
        text=join(texts, recipe.prompt.compound.joiner),
        cut_off=cut_off,
        too_long=too_long,
        echoed=echoed,
    )


def degenerate(answers: Sequence[Answer]) -> Degenerate:
    """Counts over ``answers``."""
    return Degenerate(
        empty=sum(answer.empty for answer in answers),
        cut_off=sum(answer.cut_off for answer in answers),
        too_long=sum(answer.too_long for answer in answers),
        echoed=sum(answer.echoed for answer in answers),
    )
