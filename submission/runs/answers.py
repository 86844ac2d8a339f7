"""A run's completions as answers: extracted, parts joined, degenerate ones marked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from pydantic import ValidationError

from submission.engines.base import Finish
from submission.errors import InputError
from submission.prompts.compound import join
from submission.prompts.extract import extract
from submission.recipes import Degenerate, Recipe
from submission.runs.degenerate import Given, Rules
from submission.runs.ledger import Ledger
from submission.runs.rows import FinishedPart


class Answer(NamedTuple):
    """What one test row was answered.

    ``degenerate`` is what any of its parts is. ``mended``: a part's answer was generated anew,
    because the first one was degenerate.
    """

    id: str
    question: str
    text: str
    degenerate: frozenset[Degenerate] = frozenset()
    mended: bool = False


ANY = "any"
"""Beside the kinds, in :func:`count_degenerate`: each degenerate answer once."""


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
    """:func:`stream_answers` as a list."""
    return list(stream_answers(ledger, run, sample=sample, partial=partial))


def stream_answers(
    ledger: Ledger, run: str, *, sample: int = 0, partial: bool = False
) -> Iterator[Answer]:
    """Every row's answer, in the order of the test file; with ``partial`` of the finished rows.

    Raises :class:`InputError`, before the first one, for an unknown run and for one that is not
    finished, unless ``partial``.
    """
    recipe = run_recipe(ledger, run)
    _require_rows(ledger, run, sample, partial=partial)
    mark_degenerate(ledger, run, recipe, sample)
    return _answers(ledger.texts(run, sample), recipe)


def count_degenerate(
    ledger: Ledger, run: str, *, sample: int = 0, partial: bool = False
) -> dict[str, int]:
    """How many of a run's answers are degenerate, by kind; under ``any`` each of them once.

    Raises what :func:`stream_answers` raises.
    """
    recipe = run_recipe(ledger, run)
    _require_rows(ledger, run, sample, partial=partial)
    mark_degenerate(ledger, run, recipe, sample)
    counts = dict.fromkeys([*map(str, Degenerate), ANY], 0)
    for kinds, rows in ledger.degenerate(run, sample):
        found = set(kinds.split())
        for kind in found:
            counts[kind] += rows
        counts[ANY] += rows if found else 0
    return counts


def _require_rows(ledger: Ledger, run: str, sample: int, *, partial: bool) -> None:
    rows, unfinished = ledger.rows(run, sample)
    if not rows:
        raise InputError(f"Run '{run}' has no sample {sample}.")
    if unfinished and not partial:
        raise InputError(
            f"Run '{run}' is not finished: {rows - unfinished} of {rows} rows are answered. "
            "Resume it with the same leaderkit generate command."
        )


def _answers(
    parts: Iterable[tuple[int, str, str, str | None, str | None, int]], recipe: Recipe
) -> Iterator[Answer]:
    rule, joiner = recipe.extraction, recipe.prompt.compound.joiner
    kinds = _KindsOf()
    for _, group in groupby(parts, key=itemgetter(0)):
        (_, row_id, question, text, degenerate, mended), *others = group
        if others:
            row = [(question, text, degenerate, mended), *(other[2:] for other in others)]
            if any(each[1] is None for each in row):
                continue
            question = " ".join([each[0] for each in row])
            answer = join([extract(each[1] or "", rule) for each in row], joiner)
            degenerate = " ".join([each[2] or "" for each in row])
            mended = max(each[3] for each in row)
        elif text is None:
            continue
        else:
            answer = extract(text, rule)
        yield Answer(row_id, question, answer, kinds[degenerate or ""], bool(mended))


class _KindsOf(dict[str, frozenset[Degenerate]]):
    """The kinds that a text of the ledger names."""

    def __missing__(self, text: str) -> frozenset[Degenerate]:
        return self.setdefault(text, frozenset(map(Degenerate, text.split())))


def mark_degenerate(ledger: Ledger, run: str, recipe: Recipe, sample: int) -> None:
    """Have the ledger know of every answer of a sample what it is degenerate by.

    That is found once per answer: anew only for one that is new, or where the recipe's rules, or
    this version's, are others.
    """
    rules = Rules(recipe)
    kept = ledger.rules(run) == rules.digest
    if kept and not ledger.unmarked(run, sample):
        return
    parts = list(ledger.answered_parts(run, sample))
    answers = [
        Given(question, extract(text, recipe.extraction), Finish(finish))
        for _, _, _, question, text, finish, _ in parts
    ]
    copied = rules.copies(answers)
    found = []
    for place, ((position, part, number, *_, known), answer) in enumerate(
        zip(parts, answers, strict=True)
    ):
        if kept and known is not None:
            own = {kind for kind in known.split() if kind != Degenerate.DUPLICATED}
        else:
            own = set(rules.kinds(answer))
        if place in copied:
            own.add(Degenerate.DUPLICATED)
        kinds = " ".join(sorted(own))
        if not kept or known != kinds:
            found.append((position, part, number, kinds))
    ledger.mark(run, sample, rules.digest, found)


def given(part: FinishedPart, recipe: Recipe) -> Given:
    """A finished part as its question and the answer extracted."""
    if part.completion is None:
        raise ValueError(f"{part.row_id} has no completion")
    text = extract(part.completion.text, recipe.extraction)
    return Given(part.question, text, part.completion.finish)
