"""TOML files into pydantic models, with every problem reported at once."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from submission.errors import InputError
from submission.files.named import named_file

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's tables. Raises :class:`InputError` where it is missing or not TOML."""
    try:
        text = named_file(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: not valid TOML: {error}.") from None
    except RecursionError:
        raise InputError(f"{path}: not usable TOML: nested too deeply.") from None


def validate(model: type[Model], data: dict[str, Any], source: str) -> Model:
    """``data`` as ``model``. Raises :class:`InputError` that lists every problem with its key."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise InputError.listing(source, map(_describe, error.errors())) from None


def _describe(problem: Any) -> str:
    where = ".".join(str(part) for part in problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{where}'"
    if problem["type"] == "missing":
        return f"'{where}' is missing"
    # Pydantic puts words of its own before what a validator says.
    message = str(problem.get("ctx", {}).get("error", problem["msg"]))
    if not where:
        return message
    return f"'{where}': {message[0].lower()}{message[1:]} (got {problem['input']!r})"
