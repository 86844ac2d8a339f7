"""Questions with what is known of the documents that answer them."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from submission.errors import InputError, few
from submission.tables import Table, read_table

NO = frozenset({"false", "0", "no", "n", "아니오", "거짓"})


class Known(NamedTuple):
    """A question: ids of the documents that answer it, its answers, and whether it has one.

    ``gold`` is None where the file does not say which documents answer.
    """

    id: str
    text: str
    gold: tuple[str, ...] | None
    answers: tuple[str, ...]
    category: str = ""
    answerable: bool = True


def read_known(path: Path, documents: Collection[str] | None = None) -> list[Known]:
    """A file's questions: columns ``question``, and of ``id``, ``gold`` (document ids with ``|``
    between them), ``answers`` (a JSON list) or ``answer``, ``category``, ``answerable`` those that
    it has.

    Raises :class:`InputError` for an empty question, and where ``documents`` are given for gold
    ids that are none of them.
    """
    table = read_table(path)
    table.require(["question"])
    has = set(table.columns)
    ids = table.ids("id") if "id" in has else [str(n + 1) for n in range(len(table))]
    found = []
    for place, record in enumerate(table.records):
        row = record.values
        if not row["question"].strip():
            raise InputError(f"{table.where(place, 'question')}: the question is empty.")
        answerable = row["answerable"].strip().lower() not in NO if "answerable" in has else True
        gold = None
        if "gold" in has:
            gold = tuple(each.strip() for each in row["gold"].split("|") if each.strip())
        answers = _answers(table, place) if answerable else ()
        category = row.get("category", "")
        found.append(Known(ids[place], row["question"], gold, answers, category, answerable))
    if documents is not None:
        named = {each: known.id for known in found for each in known.gold or ()}
        if unknown := [each for each in named if each not in documents]:
            raise InputError(
                f"{path}: 'gold' names {len(unknown)} documents that the index does not hold: "
                f"{few(f'{each} (question {named[each]})' for each in unknown)}."
            )
    return found


def _answers(table: Table, place: int) -> tuple[str, ...]:
    row = table.records[place].values
    if cell := row.get("answers", "").strip():
        try:
            listed = json.loads(cell)
        except ValueError:
            listed = None
        if not isinstance(listed, list) or not all(isinstance(each, str) for each in listed):
            raise InputError(
                f"{table.where(place, 'answers')}: is no JSON list of texts, such as "
                '["서울", "서울시"].'
            )
        return tuple(each for each in listed if each.strip())
    answer = row.get("answer", "").strip()
    return (answer,) if answer else ()
