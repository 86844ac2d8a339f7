"""Lines of the page around a text: copyright notices, reporters' addresses, buttons."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import Field

from submission.errors import InputError
from submission.files.toml import read_toml, validate
from submission.recipes.base import NonEmpty, Table

SHIPPED: Final = Path(__file__).with_name("phrases.toml")


class _Phrase(Table):
    words: tuple[NonEmpty, ...] = Field(min_length=1)
    pattern: NonEmpty


class _File(Table):
    longest: int = Field(default=160, ge=1)
    phrases: dict[str, _Phrase]


@dataclass(frozen=True)
class Phrases:
    """The phrases of a file: words, one of which a text has to have, and what is looked for."""

    longest: int
    any_word: re.Pattern[str]
    patterns: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...]

    def off(self, text: str) -> tuple[str, int]:
        """``text`` without such lines, and how many went."""
        gone = 0
        if self.any_word.search(text) is None:
            return text, gone
        for words, pattern in self.patterns:
            for word in words:
                if word in text:
                    text, found = self._without(pattern, text)
                    gone += found
                    break
        return text, gone

    def _without(self, pattern: re.Pattern[str], text: str) -> tuple[str, int]:
        kept: list[str] = []
        gone = 0
        for line in text.split("\n"):
            found = pattern.search(line)
            if found is None:
                kept.append(line)
                continue
            gone += 1
            if len(line) > self.longest:
                kept.append(pattern.sub("", line))
        return "\n".join(kept), gone


@cache
def phrases(path: Path = SHIPPED) -> Phrases:
    """The phrases of ``path``. Raises :class:`InputError` with every pattern that is none."""
    read = validate(_File, read_toml(path), str(path))
    problems = []
    patterns = []
    for name, phrase in read.phrases.items():
        try:
            pattern = re.compile(phrase.pattern)
        except re.error as error:
            problems.append(f"'phrases.{name}.pattern' is no regular expression: {error}")
            continue
        if pattern.search(""):
            problems.append(f"'phrases.{name}.pattern' matches where there is nothing")
        patterns.append((phrase.words, pattern))
    if problems:
        raise InputError.listing(path, problems)
    words = sorted({word for phrase in read.phrases.values() for word in phrase.words})
    any_word = re.compile("|".join(map(re.escape, words)) or "(?!)")
    return Phrases(read.longest, any_word, tuple(patterns))
