"""TOML files into pydantic models, with every problem reported at once."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from evaluators.text.cells import shortened
from submission.errors import InputError
from submission.files.named import named_text

_PLACE = re.compile(r"at line (\d+), column (\d+)")

LONGEST_INPUT = 200
"""Characters of a value that a message shows."""

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables. Raises :class:`InputError` where it is missing or not TOML."""
    text = named_text(path)
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}{_hint(text, error)}.") from None
    except RecursionError:
        raise InputError(f"{path}: not usable TOML: nested too deeply.") from None


def _hint(text: str, error: tomllib.TOMLDecodeError) -> str:
    """The name of a mistake that the parser's words do not name: a comma before a brace."""
    place = _PLACE.search(str(error))
    if place is None:
        return ""
    line, column = int(place[1]) - 1, int(place[2]) - 1
    written = text.splitlines()[line] if line < len(text.splitlines()) else ""
    ends = written[column:].startswith("}") and written[:column].rstrip().endswith(",")
    return "; a comma stands before the closing '}': remove it" if ends else ""


def validate(model: type[Model], data: dict[str, Any], source: str) -> Model:
    """``data`` as ``model``. Raises :class:`InputError` that lists every problem with its key.

    Types are those of the file: ``"8"`` and ``true`` are no numbers.
    """
    try:
        # As JSON, since only there strictness takes a list for a tuple and a text for a path.
        return model.model_validate_json(json.dumps(data, default=str), strict=True)
    except ValidationError as error:
        raise InputError.listing(source, map(_describe, error.errors())) from None


def described(problem: ErrorDetails, place: Sequence[str | int]) -> str:
    """What pydantic found wrong at ``place``, which is empty for the whole."""
    where = ".".join(map(str, place))
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{where}'"
    if problem["type"] == "missing":
        return f"'{where}' is missing"
    # Pydantic puts words of its own before what a validator says.
    message = str(problem.get("ctx", {}).get("error", problem["msg"]))
    return f"'{where}': {message[0].lower()}{message[1:]}" if where else message


def _describe(problem: ErrorDetails) -> str:
    words, given = described(problem, problem["loc"]), problem["input"]
    # A whole table, such as one that lacks a key, would hide what is wrong with it.
    if not problem["loc"] or problem["type"] == "extra_forbidden" or isinstance(given, dict):
        return words
    return f"{words} (got {shortened(repr(given), LONGEST_INPUT)})"
