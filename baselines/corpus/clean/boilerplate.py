"""Lines of the page around a text: copyright notices, reporters' addresses, buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from submission.errors import InputError
from submission.files.toml import read_toml, validate
from submission.recipes.base import Table

SHIPPED: Final = Path(__file__).with_name("phrases.toml")


class _File(Table):
    longest: int = 160
    patterns: dict[str, str]


@dataclass(frozen=True)
class Phrases:
    """The patterns of a file, as one expression."""

    longest: int
    pattern: re.Pattern[str]

    def off(self, text: str) -> tuple[str, list[str]]:
        """``text`` without such lines, and what went."""
        if not self.pattern.search(text):
            return text, []
        kept: list[str] = []
        gone: list[str] = []
        for line in text.split("\n"):
            left = line
            while (found := self.pattern.search(left)) and found[0]:
                gone.append(left if len(left) <= self.longest else found[0])
                if len(left) <= self.longest:
                    break
                left = f"{left[: found.start()].rstrip()} {left[found.end() :].lstrip()}".strip()
            else:
                kept.append(left)
        return "\n".join(kept), gone


@cache
def phrases(path: Path = SHIPPED) -> Phrases:
    """The phrases of ``path``. Raises :class:`InputError` for a pattern that is none."""
    read = validate(_File, read_toml(path), str(path))
    for name, pattern in read.patterns.items():
        try:
            re.compile(pattern)
        except re.error as error:
            raise InputError(
                f"{path}: 'patterns.{name}' is no regular expression: {error}"
            ) from None
    joined = "|".join(f"(?:{pattern})" for pattern in read.patterns.values())
    return Phrases(read.longest, re.compile(joined or "(?!)", re.MULTILINE))
