"""Answers that are more than a text: ranked lists, numbers, probabilities, several fields.

An answer is one text everywhere; structure in it is JSON. Each reader returns None where the text
is no such thing.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from typing import Final

# float() also takes "1_000", "inf" and the digits of every script.
_NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_STEP: Final = re.compile(
    r"""(?:^|\.)(?P<name>[^\W\d]\w*)|\[(?P<position>-?\d+)\]|\[(?P<quote>['"])(?P<quoted>.+?)(?P=quote)\]"""
)


def ranked(text: str, separator: str | None = None) -> list[str] | None:
    """Return the items of a ranked list, best first: a JSON array of texts or numbers.

    With a ``separator``, a text that is no JSON array is split at it; " " stands for any white
    space. Items are stripped, and empty ones dropped; an empty list is a list.
    """
    value = parse_json(text)
    if isinstance(value, list):
        items = [_scalar(item) for item in value]
        texts = [item for item in items if item is not None]
        return _filled(texts) if len(texts) == len(items) else None
    if separator is None:
        return None
    return _filled(text.split(None if separator == " " else separator))


def number(text: str) -> float | None:
    """Return the finite number that the whole text is, outer white space aside."""
    stripped = text.strip()
    if not _NUMBER.fullmatch(stripped):
        return None
    value = float(stripped)
    return value if math.isfinite(value) else None


def probabilities(text: str) -> dict[str, float] | None:
    """Return the number per label of a JSON object, as written: sums and signs are not checked."""
    value = parse_json(text)
    if not isinstance(value, dict) or not value:
        return None
    read = {label.strip(): finite(each) for label, each in value.items()}
    numbers = {label: each for label, each in read.items() if each is not None}
    return numbers if len(numbers) == len(value) else None


def member(text: str, name: str) -> str | None:
    """Return the member ``name`` of a JSON object: a text as it is, anything else as JSON."""
    return _text_at(parse_json(text), (name,))


def json_steps(path: str) -> tuple[str | int, ...]:
    """Return the names and positions that a path into JSON goes through, the outermost first.

    A path is a singular query of JSONPath (RFC 9535, 2.3.5.1), of which the beginning ("$", "$.")
    may be left out: ``answer``, ``answer.text``, ``items[0]``, ``['두 단어'][-1]``. "$" is the
    whole. Raises ``ValueError`` for any other text.
    """
    steps: list[str | int] = []
    place = 1 if path.startswith("$") else 0
    while place < len(path) or not path:
        step = _STEP.match(path, place)
        if step is None:
            raise ValueError("is no path: write answer, answer.text, items[0] or ['two words']")
        position = step["position"]
        steps.append(step["name"] or step["quoted"] if position is None else int(position))
        place = step.end()
    return tuple(steps)


def value_at(text: str, path: str) -> str | None:
    """Return what stands at ``path`` in a JSON text: a text as it is, anything else as JSON.

    None where the text is not JSON, and where there is nothing or a null at the path. Raises what
    :func:`json_steps` raises.
    """
    return _text_at(parse_json(text), json_steps(path))


def parse_json(text: str) -> object:
    """Return the JSON value of the whole text; None also where it is not JSON as it is specified.

    Infinity, NaN, numbers that are as large as none (1e400) and a name that stands twice are not.
    """
    try:
        return json.loads(
            text, parse_float=_float, parse_constant=_float, object_pairs_hook=_distinct
        )
    except (ValueError, RecursionError):
        return None


def finite(value: object) -> float | None:
    """Return the JSON value if it is a finite number; truth values are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if math.isfinite(read) else None


def _text_at(value: object, steps: Sequence[str | int]) -> str | None:
    for step in steps:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        elif isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _float(written: str) -> float:
    value = float(written)
    if not math.isfinite(value):
        raise ValueError(f"{written} is not JSON")
    return value


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a name stands twice")
    return members


def _filled(items: list[str]) -> list[str]:
    return [stripped for item in items if (stripped := item.strip())]


def _scalar(value: object) -> str | None:
    if isinstance(value, str):
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return json.dumps(value) if is_number else None
