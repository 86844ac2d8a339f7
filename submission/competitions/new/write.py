"""The folder of a new competition."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from submission.competitions.cases import CASES
from submission.competitions.find import DECLARATION
from submission.competitions.new.draft import Draft
from submission.competitions.profile import Profile
from submission.files.atomic import atomic_folder, write_bytes
from submission.files.toml import validate

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def write_folder(draft: Draft, folder: Path) -> None:
    """Write the declaration and its cases, or nothing.

    Raises :class:`InputError` where the folder is not empty or cannot be written, and where the
    files are such that no declaration fits them.
    """
    text = declaration(draft)
    validate(Profile, tomllib.loads(text), str(folder))
    with atomic_folder(folder) as temporary:
        write_bytes(temporary / DECLARATION, text.encode())
        cases = json.dumps(list(draft.cases), ensure_ascii=False, indent=2)
        write_bytes(temporary / CASES, f"{cases}\n".encode())


def declaration(draft: Draft) -> str:
    """The text of competition.toml, with comments on what was guessed."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(  # noqa: S701 -- TOML, whose every value passes through a filter
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters.update(toml=toml, key=key_text)
    text = resources.files(__package__).joinpath("competition.toml.jinja").read_text("utf-8")
    return environment.from_string(text).render(draft=draft)


def toml(value: object) -> str:
    """A value as TOML writes it; a text of several lines as such."""
    if isinstance(value, Mapping):
        members = (f"{key_text(str(key))} = {toml(each)}" for key, each in value.items())
        return f"{{ {', '.join(members)} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, str):
        lines = [_escaped(line) for line in value.split("\n")]
        return f'"{lines[0]}"' if len(lines) == 1 else '"""\n' + "\n".join(lines) + '"""'
    return json.dumps(value)


def key_text(key: str) -> str:
    """A key as TOML writes it."""
    return key if _BARE.fullmatch(key) else f'"{_escaped(key)}"'


def _escaped(line: str) -> str:
    # What JSON escapes TOML escapes alike; it also wants DEL escaped.
    return json.dumps(line, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
