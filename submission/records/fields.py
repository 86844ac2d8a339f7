"""Between an answer, which is one text, and the cells or JSON values that it is submitted as."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

from evaluators.text.structured import finite, number, parse_json, probabilities, ranked
from submission.competitions.answer import AnswerField, Kind

Fields = Mapping[str, AnswerField]
"""The parts of an answer by the member of its JSON object; the whole answer is ``""``."""

WORDS: Mapping[Kind, str] = {
    "text": "a text",
    "label": "a text",
    "number": "a finite number",
    "list": "a list of texts",
    "probabilities": "an object of a number per label",
    "json": "a JSON value",
}
_WHOLE_NUMBER = re.compile(r"[+-]?\d+", re.ASCII)


def parse(field: AnswerField, text: str) -> object | None:
    """The JSON value that a text or a cell stands for; None where it is not of the kind."""
    match field.kind:
        case "number":
            return _number(text)
        case "list":
            return ranked(text, field.separator)
        case "probabilities":
            return probabilities(text)
        case "json":
            return parse_json(text)
        case _:
            return text


def fits(field: AnswerField, value: object) -> bool:
    """Whether a value of a JSON file is of the field's kind."""
    match field.kind:
        case "number":
            return finite(value) is not None
        case "list":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "probabilities":
            return isinstance(value, dict) and None not in map(finite, value.values())
        case "json":
            return value is not None
        case _:
            return isinstance(value, str)


def cell(field: AnswerField, value: object) -> str | None:
    """The CSV cell that holds a value; None where reading it would give another one."""
    if isinstance(value, str) and field.kind != "json":
        return value
    if isinstance(value, list) and field.separator is not None:
        text = field.separator.join(value)
    else:
        text = _dumps(value)
    return text if parse(field, text) == value else None


def take_apart(fields: Fields, answer: str) -> list[object | None]:
    """The value of each field in an answer; None where there is none of its kind."""
    if "" in fields:
        return [parse(fields[""], answer)]
    members = parse_json(answer)
    if not isinstance(members, dict):
        return [None] * len(fields)
    return [_of_kind(field, members.get(name)) for name, field in fields.items()]


def put_together(fields: Fields, values: Sequence[object]) -> str:
    """The answer whose fields have these values."""
    whole = values[0] if "" in fields else dict(zip(fields, values, strict=True))
    return whole if isinstance(whole, str) and not _is_json(fields) else _dumps(whole)


def canonical(fields: Fields, answer: str) -> str:
    """An answer as it is read back from a submission; as it is where it is not of its kind."""
    if not fields or ("" in fields and fields[""].kind in {"text", "label"}):
        return answer
    values = take_apart(fields, answer)
    return answer if None in values else put_together(fields, values)


def from_cells(fields: Fields, cells: Sequence[str]) -> str:
    """The answer in the cells of a row. One that is not of its kind stays the text that it is."""
    values = [parse(field, text) for field, text in zip(fields.values(), cells, strict=True)]
    if None in values and "" in fields:
        return cells[0]
    kept = [text if value is None else value for value, text in zip(values, cells, strict=True)]
    return put_together(fields, kept)


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)
    if isinstance(value, str):
        return "a text"
    if isinstance(value, list):
        return "a list"
    return "an object" if isinstance(value, dict) else "a number"


def _of_kind(field: AnswerField, value: object) -> object | None:
    if value is None or fits(field, value):
        return value
    return parse(field, value if isinstance(value, str) else _dumps(value))


def _is_json(fields: Fields) -> bool:
    return "" in fields and fields[""].kind == "json"


def _dumps(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(text: str) -> int | float | None:
    value = number(text)
    whole = text.strip()
    return int(whole) if value is not None and _WHOLE_NUMBER.fullmatch(whole) else value
