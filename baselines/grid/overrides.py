"""Tables of recipe fields as the ``KEY=VALUE`` overrides that recipes take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from submission.files import named
from submission.recipes import Recipe

PLACES = ("model.name", "model.adapter", "model.tokenizer")
"""Fields that may name a folder, which is then relative to the file."""


def overrides(fields: Mapping[str, Any], base: Path) -> list[str]:
    """Every field of nested or dotted tables as ``KEY=VALUE``, folders found from ``base``."""
    return [f"{key}={_text(key, _placed(key, value, base))}" for key, value in flat(fields)]


def flat(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Fields by their dotted names."""
    for key, value in fields.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def beside(path: str, base: Path) -> str:
    """``path`` as seen from ``base``, if it is there or can be nothing but a path."""
    place = named.beside(base, path)
    return str(place) if path and (path.startswith(("./", "../")) or place.exists()) else path


def _placed(key: str, value: Any, base: Path) -> Any:
    return beside(value, base) if key in PLACES and isinstance(value, str) else value


def _text(key: str, value: Any) -> str:
    """The value as TOML; an engine's own options are plain text."""
    own = key.startswith("options.") or ("." not in key and key not in Recipe.model_fields)
    if isinstance(value, str) and own:
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
