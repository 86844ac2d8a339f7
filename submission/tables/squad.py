"""SQuAD's nested JSON, as SQuAD, KorQuAD and KLUE-MRC publish their data, as one row a question.

``{"data": [{"title", "paragraphs": [{"context", "qas": [{"id", "question", "answers"}]}]}]}``;
KorQuAD 2.0 has ``context`` and ``qas`` at the document, and one ``answer`` a question. Rows come
out as the data sets library writes them: the id under its own name, ``title``, ``context``,
``question`` and ``answers.text``, a JSON list.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from submission.errors import InputError
from submission.tables.json_text import JsonText
from submission.tables.table import Record
from submission.tables.text import unwritable

_IDS: Final = ("id", "guid")


def is_nested(value: object) -> bool:
    """Whether a parsed file has SQuAD's outer shape."""
    return isinstance(value, Mapping) and isinstance(value.get("data"), list)


def rows(path: Path, value: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    """Return the columns, and a record per question; its line is the question's number.

    Raises :class:`InputError` where a part is missing or of another kind, named by its place.
    """
    records = []
    columns: tuple[str, ...] = ()
    for number, (place, outer, asked) in enumerate(_questions(path, value), start=1):
        name = next((each for each in _IDS if each in asked), _IDS[0])
        values = {
            name: _text(path, place, asked, name),
            "title": _text(path, place, {"title": "", **outer}, "title"),
            "context": _text(path, place, outer, "context"),
            "question": _text(path, place, asked, "question"),
            "answers.text": JsonText(json.dumps(_answers(path, place, asked), ensure_ascii=False)),
        }
        columns = columns or tuple(values)
        if tuple(values) != columns:
            raise InputError(f"{path}, {place}: names its id '{name}', others '{columns[0]}'")
        records.append(Record(number, values))
    return columns, tuple(records)


def _questions(
    path: Path, value: Mapping[str, Any]
) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Where each question stands, what its context is in, and the question."""
    for d, document in enumerate(_objects(path, "", value, "data")):
        place = f"data[{d}]"
        nested = "paragraphs" in document
        holders = _objects(path, place, document, "paragraphs") if nested else [document]
        for p, holder in enumerate(holders):
            inner = f"{place}.paragraphs[{p}]" if nested else place
            outer = {"title": document.get("title", ""), **holder}
            for q, asked in enumerate(_objects(path, inner, holder, "qas")):
                yield f"{inner}.qas[{q}]", outer, asked


def _objects(
    path: Path, place: str, holder: Mapping[str, Any], name: str
) -> list[Mapping[str, Any]]:
    found = holder.get(name)
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        where = f"{place}.{name}" if place else name
        raise InputError(f"{path}, {where}: must be an array of objects")
    return found


def _text(path: Path, place: str, holder: Mapping[str, Any], name: str) -> str:
    found = holder.get(name)
    if not isinstance(found, str):
        raise InputError(f"{path}, {place}: '{name}' is missing or no text")
    if problem := unwritable(found):
        raise InputError(f"{path}, {place}.{name}: {problem}")
    return found


def _answers(path: Path, place: str, asked: Mapping[str, Any]) -> list[str]:
    """The texts of the answers; none where the question has none, or is of a test set."""
    found = asked.get("answers", [asked["answer"]] if "answer" in asked else [])
    if isinstance(found, Mapping):
        texts = found.get("text")
        found = [{"text": text} for text in texts] if isinstance(texts, list) else None
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise InputError(f"{path}, {place}: 'answers' must be an array of objects")
    return [_text(path, f"{place}.answers[{n}]", each, "text") for n, each in enumerate(found)]
