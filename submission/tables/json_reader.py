"""JSON arrays and JSON lines to flat records of text.

Numbers keep the digits they have in the file, so an id such as ``0.10`` or a 30-digit one comes
out as it is written. The standard decoder drops repeated keys and accepts NaN; both are kept
visible here until the place they stand in is known, and then refused.
"""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from submission.errors import InputError, few, locate
from submission.tables import squad
from submission.tables.json_text import JsonText
from submission.tables.names import complaint
from submission.tables.table import Record
from submission.tables.text import lines, unwritable

_DEEPEST = 100


class _Number(str):
    __slots__ = ()


class _Constant(str):
    __slots__ = ()


class _Object(list[tuple[str, object]]):
    """The members of a JSON object, repeated keys included."""


class Item(NamedTuple):
    """One JSON object of a file, and its number: of the element, or of the line."""

    line: int
    members: _Object


def table(
    path: Path, text: str, by_id: tuple[str, str] | None, *, by_line: bool
) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    """Make a table of a file: columns, and a record per object, question of SQuAD's form, or id.

    ``by_id`` names the columns of a single object that holds texts by their ids.

    Raises:
        InputError: broken JSON, or another structure.
    """
    if text.strip() and not by_line:
        value = _parse(path, text, None)
        if isinstance(value, _Object):
            outer = _plain_object(path, value)
            if squad.is_nested(outer):
                return squad.rows(path, outer)
            if by_id is not None:
                return _by_id(path, value, by_id)
    return flatten(path, items(path, text, by_line=by_line))


def items(path: Path, text: str, *, by_line: bool) -> list[Item]:
    """Read the objects of an array, or of a file with one a line.

    Raises:
        InputError: broken JSON, or something else than objects.
    """
    if not text.strip():
        raise InputError(f"{path}: is empty")
    found = _line_items(path, text) if by_line else _array(path, text)
    return [_checked_item(path, number, value) for number, value in found]


def flatten(path: Path, found: list[Item]) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    """Make a table of objects: nested members become columns with dotted names.

    Raises:
        InputError: a repeated key, NaN, or objects whose members differ.
    """
    columns: tuple[str, ...] = ()
    records = []
    for line, members in found:
        pairs = list(_cells(path, line, members))
        values = dict(pairs)
        if problem := complaint([name for name, _ in pairs]):
            raise InputError(f"{locate(path, line)}: {problem}")
        columns = columns or tuple(values)
        if values.keys() != set(columns):
            raise InputError(f"{locate(path, line)}: {_key_difference(columns, list(values))}")
        records.append(Record(line, {name: values[name] for name in columns}))
    return columns, tuple(records)


def plain(path: Path, item: Item) -> dict[str, object]:
    """Return an object as the standard decoder would, after the same checks as `flatten`."""
    list(_cells(path, item.line, item.members))
    return {key: _plain(path, item.line, key, value) for key, value in item.members}


def _plain_object(path: Path, value: _Object) -> dict[str, object]:
    return {key: _plain(path, 1, key, inner) for key, inner in value}


def _by_id(
    path: Path, value: _Object, columns: tuple[str, str]
) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    _refuse_repeats(path, 1, "", value)
    records = []
    for number, (key, text) in enumerate(value, start=1):
        if isinstance(text, _Object) or not isinstance(text, str):
            raise InputError(
                f"{path}: must be an array of objects, or an object of texts by their ids; "
                f"'{key}' holds {_kind(text)}"
            )
        cell = _cell(path, number, key, text)
        if problem := unwritable(key + cell):
            raise InputError(f"{locate(path, number, columns[1])}: {problem}")
        records.append(Record(number, dict(zip(columns, (key, cell), strict=True))))
    return columns, tuple(records)


def _array(path: Path, text: str) -> list[tuple[int, object]]:
    value = _parse(path, text, None)
    if not isinstance(value, list) or isinstance(value, _Object):
        raise InputError(f"{path}: must be an array of objects, and is {_kind(value)}")
    return list(enumerate(value, start=1))


def _line_items(path: Path, text: str) -> Iterator[tuple[int, object]]:
    physical = lines(text.rstrip())
    for number, line in enumerate(physical, start=1):
        if not line.strip():
            raise InputError(f"{locate(path, number)}: is blank; remove the line")
        yield number, _parse(path, line, number)


def _parse(path: Path, text: str, row: int | None) -> object:
    try:
        value: object = json.loads(
            text,
            object_pairs_hook=_Object,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_Constant,
        )
    except json.JSONDecodeError as error:
        place = f"{path}, line {error.lineno}" if row is None else locate(path, row)
        raise InputError(
            f"{place}: is not valid JSON at character {error.colno}: {_problem(error, row)}"
        ) from None
    except RecursionError:
        raise _too_deep(path, row) from None
    if _deeper_than(value, _DEEPEST):
        raise _too_deep(path, row)
    return value


def _problem(error: json.JSONDecodeError, row: int | None) -> str:
    """What the decoder says; a comma before a closing bracket, which it does not name, by name."""
    before, at = error.doc[: error.pos].rstrip(), error.doc[error.pos :].lstrip()[:1]
    if at in ("]", "}") and before.endswith(","):
        return f"a comma stands before the closing {at!r}; remove it"
    if row is None and error.msg == "Extra data":
        return f"{error.msg}; one object a line belongs in a .jsonl file"
    return error.msg


def _too_deep(path: Path, row: int | None) -> InputError:
    return InputError(f"{locate(path, row)}: is nested more than {_DEEPEST} levels deep")


def _deeper_than(value: object, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [inner for outer in level if isinstance(outer, list) for inner in _inside(outer)]
    return bool(level)


def _inside(value: list[object]) -> list[object]:
    return [member[1] for member in value] if isinstance(value, _Object) else value


def _checked_item(path: Path, number: int, value: object) -> Item:
    if not isinstance(value, _Object):
        raise InputError(f"{locate(path, number)}: must be an object, and is {_kind(value)}")
    if not value:
        raise InputError(f"{locate(path, number)}: is an object without members")
    return Item(number, value)


def _kind(value: object) -> str:
    if isinstance(value, _Object):
        return "an object"
    if isinstance(value, list):
        return "an array"
    if isinstance(value, _Number | _Constant):
        return "a number"
    return {str: "a text", bool: "a truth value"}.get(type(value), "null")


def _cells(path: Path, line: int, members: _Object, prefix: str = "") -> Iterator[tuple[str, str]]:
    _refuse_repeats(path, line, prefix, members)
    for key, value in members:
        name = prefix + key
        if isinstance(value, _Object) and value:
            yield from _cells(path, line, value, f"{name}.")
        else:
            cell = _cell(path, line, name, value)
            if problem := unwritable(name + cell):
                raise InputError(f"{locate(path, line, name)}: {problem}")
            yield name, cell


def _refuse_repeats(path: Path, line: int, prefix: str, members: _Object) -> None:
    seen: set[str] = set()
    for key, _ in members:
        if key in seen:
            raise InputError(f"{locate(path, line, prefix + key)}: the key is given twice")
        seen.add(key)


def _cell(path: Path, line: int, name: str, value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str) and not isinstance(value, _Constant):
        return str(value)
    text = _json(path, line, name, value)
    return JsonText(text) if isinstance(value, list) else text


def _json(path: Path, line: int, name: str, value: object) -> str:
    """Write a parsed value as JSON again, numbers with their own digits."""
    if isinstance(value, _Constant):
        raise InputError(f"{locate(path, line, name)}: {value!s} is not a JSON number")
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, _Object):
        _refuse_repeats(path, line, f"{name}.", value)
        members = (f"{_quoted(key)}: {_json(path, line, name, inner)}" for key, inner in value)
        return f"{{{', '.join(members)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_json(path, line, name, element) for element in value)}]"
    return _quoted(value)


def _quoted(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _plain(path: Path, line: int, name: str, value: object) -> object:
    if isinstance(value, _Number):
        return _number(path, line, name, value)
    if isinstance(value, _Object):
        return {key: _plain(path, line, f"{name}.{key}", inner) for key, inner in value}
    if isinstance(value, list):
        return [_plain(path, line, name, element) for element in value]
    return value


def _number(path: Path, line: int, name: str, digits: _Number) -> int | float:
    try:
        number = int(digits) if digits.lstrip("-").isdigit() else float(digits)
    except ValueError:
        number = math.inf
    if not math.isfinite(number):
        raise InputError(f"{locate(path, line, name)}: the number is too large; make it a text")
    return number


def _key_difference(expected: tuple[str, ...], found: list[str]) -> str:
    missing = [name for name in expected if name not in found]
    added = [name for name in found if name not in expected]
    parts = []
    if missing:
        parts.append(f"lacks {few(map(repr, missing))}")
    if added:
        parts.append(f"has {few(map(repr, added))} in addition")
    return f"{' and '.join(parts)}, compared with the first; all must have the same keys"
