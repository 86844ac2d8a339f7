"""A run's completions as answers: extracted, parts joined, degenerate ones marked."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from pydantic import ValidationError

from submission.errors import InputError
from submission.prompts.compound import join
from submission.prompts.extract import extract
from submission.recipes import Degenerate, Recipe
from submission.runs.degenerate import Given, Rules, copy_key, rules_digest
from submission.runs.ledger import Ledger
from submission.runs.reading import FINISH
from submission.runs.rows import FinishedPart, RowCounts


class Answer(NamedTuple):
    """What one test row was answered.

    ``degenerate`` is what any of its ``parts`` is. ``replaced``: a part's answer was generated
    again, because the first one was degenerate. ``probabilities`` are those of what it was chosen
    from, by label in their order; none where it was generated.
    """

    id: str
    question: str
    text: str
    degenerate: frozenset[Degenerate] = frozenset()
    replaced: bool = False
    parts: int = 1
    probabilities: Mapping[str, float] | None = None


class OtherVersionError(InputError):
    """A run's recipe is one that this version cannot read."""


ANY = "any"
"""Beside the kinds, in :func:`count_degenerate`: each degenerate answer once."""


def run_recipe(ledger: Ledger, run: str) -> Recipe:
    """What ``run`` was made with. Raises :class:`OtherVersionError` for another version's."""
    try:
        return Recipe.model_validate_json(ledger.run(run).recipe)
    except ValidationError:
        raise OtherVersionError(
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
    counts = require_marked(ledger, run, recipe, sample, partial=partial)
    joined = _joined if counts.parts > 1 else _single
    return joined(ledger.texts(run, sample), recipe)


def count_degenerate(
    ledger: Ledger, run: str, *, sample: int = 0, partial: bool = False
) -> dict[str, int]:
    """How many of a run's answers are degenerate, by kind; under ``any`` each of them once.

    Raises what :func:`stream_answers` raises.
    """
    require_marked(ledger, run, run_recipe(ledger, run), sample, partial=partial)
    return _counted((kinds.split(), rows) for kinds, rows in ledger.degenerate(run, sample))


def degenerate_counts(answers: Iterable[Answer]) -> dict[str, int]:
    """The same of answers at hand."""
    return _counted(Counter(answer.degenerate for answer in answers).items())


def _counted(found: Iterable[tuple[Iterable[str], int]]) -> dict[str, int]:
    counts = dict.fromkeys([*map(str, Degenerate), ANY], 0)
    for kinds, rows in found:
        named = set(kinds)
        for kind in named:
            counts[kind] += rows
        counts[ANY] += rows if named else 0
    return counts


def require_marked(
    ledger: Ledger, run: str, recipe: Recipe, sample: int, *, partial: bool = False
) -> RowCounts:
    """Make sure that there are rows, and that it is known which are degenerate.

    Raises what :func:`stream_answers` raises.
    """
    counts = ledger.rows(run, sample)
    if not counts.rows:
        raise InputError(f"Run '{run}' has no sample {sample}.")
    if counts.unfinished and not partial:
        done = counts.rows - counts.unfinished
        raise InputError(
            f"Run '{run}' is not finished: {done} of {counts.rows} rows are answered. "
            "Resume it with the same leaderkit generate command."
        )
    if counts.unmarked or ledger.rules(run) != rules_digest(recipe):
        _mark(ledger, run, recipe, sample)
    return counts


Part = tuple[int, str, str, str | None, str | None, int, str | None]
"""As :meth:`submission.runs.reading.RunReader.texts` has it."""


def _single(parts: Iterable[Part], recipe: Recipe) -> Iterator[Answer]:
    """Answers to questions that were asked as a whole."""
    rule, kinds = recipe.extraction, _KindsOf()
    for _, row_id, question, text, degenerate, replaced, likelihoods in parts:
        if text is not None:
            answer = extract(text, rule)
            known = json.loads(likelihoods) if likelihoods else None
            yield Answer(
                row_id,
                question,
                answer,
                kinds[degenerate or ""],
                replaced == 1,
                probabilities=probabilities(known) if known else None,
            )


def _joined(parts: Iterable[Part], recipe: Recipe) -> Iterator[Answer]:
    """Answers to questions that were asked in parts; a row that lacks one is left out."""
    rule, kinds = recipe.extraction, _KindsOf()
    for _, group in groupby(parts, key=itemgetter(0)):
        row = list(group)
        texts = [extract(text, rule) for _, _, _, text, *_ in row if text is not None]
        if len(texts) == len(row):
            yield Answer(
                id=row[0][1],
                question=" ".join(question for _, _, question, *_ in row),
                text=join(texts, recipe.prompt.compound.joiner),
                degenerate=kinds[" ".join(found or "" for _, _, _, _, found, *_ in row)],
                replaced=any(replaced for _, _, _, _, _, replaced, _ in row),
                parts=len(row),
            )


def probabilities(likelihoods: Mapping[str, float]) -> dict[str, float]:
    """The softmax of log-likelihoods, by label."""
    highest = max(likelihoods.values())
    shares = {label: math.exp(value - highest) for label, value in likelihoods.items()}
    whole = sum(shares.values())
    return {label: share / whole for label, share in shares.items()}


class _KindsOf(dict[str, frozenset[Degenerate]]):
    """The kinds that a text of the ledger names."""

    def __missing__(self, text: str) -> frozenset[Degenerate]:
        named = text.split()
        return self.setdefault(text, frozenset(kind for kind in Degenerate if kind in named))


def _mark(ledger: Ledger, run: str, recipe: Recipe, sample: int) -> None:
    """Have the ledger know of every answer of a sample what it is degenerate by.

    That is found once per answer: anew only for one that is new, or where the recipe's rules, or
    this version's, are others.
    """
    rules, digest = Rules(recipe), rules_digest(recipe)
    kept = ledger.rules(run) == digest

    def answered() -> Iterator[tuple[int, int, str | None, Given]]:
        for row, number, question, text, finish, scored, known in ledger.answered_parts(
            run, sample
        ):
            answer = Given.of(question, text, FINISH[finish], recipe, scored=bool(scored))
            yield row, number, known, answer

    marks: list[tuple[int, int, str | None, frozenset[str]]] = []
    keys: list[int] = []
    # Texts are read again where some may be copies: a million of them are not held.
    with ledger.snapshot():
        for row, number, known, answer in answered():
            if kept and known is not None:
                own: frozenset[str] = frozenset(known.split()) - {Degenerate.DUPLICATED}
            else:
                own = rules.kinds(answer)
            marks.append((row, number, known if kept else None, own))
            keys.append(copy_key(answer.text))
        copied = rules.copies(keys, lambda: (answer for *_, answer in answered()))
    found = []
    for place, (row, number, known, own) in enumerate(marks):
        kinds = " ".join(sorted(own | {Degenerate.DUPLICATED}) if place in copied else sorted(own))
        if known != kinds:
            found.append((kinds, run, row, number))
    ledger.mark(run, digest, found)


def given(part: FinishedPart, recipe: Recipe) -> Given:
    """A finished part as its question and the answer extracted."""
    if part.completion is None:
        raise ValueError(f"{part.row_id} has no completion")
    completion = part.completion
    scored = bool(completion.likelihoods)
    return Given.of(part.question, completion.text, completion.finish, recipe, scored=scored)
