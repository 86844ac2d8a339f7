"""Two questions in one, as test files have them, out of records that ask one each."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from baselines.corpus.origin import chance, child, origins
from baselines.corpus.record import Record
from submission.competitions import find_competition
from submission.errors import InputError, few
from submission.holdout.cells import joined_question
from submission.prompts.compound import is_compound, join
from submission.records.read import read_questions
from submission.tables import read_table

QUESTION_COLUMNS = ("question", "Question", "질문", "input.question")
"""Where a test file of no given competition may hold its questions, the first there is."""


def share_in(test: Path, competition: str | None) -> tuple[float, int]:
    """The share of a test file's questions that are several in one, and how many rows it has.

    Raises :class:`InputError` where the file has no rows or its questions cannot be told.
    """
    if competition is not None:
        cells = [each.text for each in read_questions(find_competition(competition).profile, test)]
    else:
        table = read_table(test)
        column = next((name for name in QUESTION_COLUMNS if name in table.columns), None)
        if column is None:
            raise InputError(
                f"{test}: none of its columns is called {few(QUESTION_COLUMNS)}; name the "
                "competition that it is of: --competition NAME"
            )
        cells = [record.values[column] for record in table.records]
    if not cells:
        raise InputError(f"{test}: has no rows, so no share of joined questions")
    return sum(map(is_compound, cells)) / len(cells), len(cells)


def _stands_alone(record: Record) -> bool:
    """Whether the record asks what needs no document or options of its own."""
    return (
        record.task == "qa"
        and bool(record.question.strip() and record.answers)
        and not record.documents
        and not record.options
    )


def wanted_for(records: Iterable[Record], share: float) -> int:
    """How many records are to be joined, so that ``share`` of all such hold several questions."""
    alone = [is_compound(record.question) for record in records if _stands_alone(record)]
    return max(0, round((share * len(alone) - sum(alone)) / (1 - share)))


def join_some(records: Sequence[Record], wanted: int, seed: int) -> Iterator[Record]:
    """At most ``wanted`` new records, each of two of ``records``.

    What was read from one place is joined with what was read from one other, of another category
    if there is any, so that no more than two such families belong together afterwards.
    """
    families: dict[str, list[Record]] = {}
    for record, origin in zip(records, origins(records), strict=True):
        if _stands_alone(record) and not is_compound(record.question):
            families.setdefault(origin, []).append(record)
    couples = _couples(list(families.items()), seed)
    coming = [_matches(*couple, seed) for couple in couples]
    made: dict[str, int] = {}
    while coming and wanted > 0:
        left = []
        for matches in coming:
            match = next(matches, None)
            if match is None:
                continue
            left.append(matches)
            if wanted <= 0:
                break
            wanted -= 1
            made[match[0].id] = made.get(match[0].id, 0) + 1
            yield _joined(*match, made[match[0].id], seed)
        coming = left


def _couples(
    families: list[tuple[str, list[Record]]], seed: int
) -> list[tuple[list[Record], list[Record]]]:
    # Sorted by category, half the list apart: alike only where one category is most of them.
    families.sort(key=lambda each: (each[1][0].category, chance(seed, "couple", each[0])))
    half = len(families) // 2
    couples = [(families[n], families[n + half]) for n in range(half)]
    couples.sort(key=lambda couple: chance(seed, "first", couple[0][0]))
    return [
        (one, other) if chance(seed, "order", name) % 2 else (other, one)
        for (name, one), (_, other) in couples
    ]


def _matches(one: list[Record], other: list[Record], seed: int) -> Iterator[tuple[Record, Record]]:
    """Every record of one with every record of the other, and the same in the other order."""
    rng = random.Random(chance(seed, "match", one[0].id))  # noqa: S311 -- no secret
    one, other = rng.sample(one, len(one)), rng.sample(other, len(other))
    for shift in range(max(len(one), len(other))):
        for first, second in ((one, other), (other, one)):
            for number in range(len(first)):
                if shift < len(second):
                    yield first[number], second[(number + shift) % len(second)]


def _joined(first: Record, second: Record, number: int, seed: int) -> Record:
    rng = random.Random(chance(seed, "joined", first.id, second.id))  # noqa: S311 -- no secret
    categories = dict.fromkeys(each.category for each in (first, second) if each.category)
    licences = dict.fromkeys(each.licence for each in (first, second) if each.licence)
    return child(
        (first, second),
        "joined",
        number,
        question=joined_question(first.question, second.question, rng),
        answers=(join([first.answers[0].strip(), second.answers[0].strip()], " "),),
        category="+".join(categories),
        licence=" + ".join(licences),
    )
