"""Nouns for which another can stand, with the particle that fits it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path
from random import Random

from baselines.corpus.augment.noise import apart
from submission.errors import InputError

_PAIRS = (("은", "는"), ("이", "가"), ("을", "를"), ("과", "와"), ("으로", "로"), ("이나", "나"))
"""Particles after a consonant and after a vowel."""

_PARTICLES = (
    *(each for pair in _PAIRS for each in pair), "의", "에", "에서", "에는", "에도", "도", "만",
    "까지", "부터", "보다", "마다", "들", "들은", "들이", "들을",
)  # fmt: skip


def read_groups(path: Path | None) -> list[tuple[str, ...]]:
    """Groups of synonyms: one a line with commas between them; lines with # say something else.

    Without a file the package's own. Raises :class:`InputError` for a line with a word alone.
    """
    if path is None:
        text = resources.files(__package__).joinpath("synonyms.txt").read_text("utf-8")
        where = "synonyms.txt"
    else:
        try:
            text, where = path.read_text("utf-8-sig"), str(path)
        except (OSError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: cannot be read as UTF-8 text: {error}") from None
    groups = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        words = tuple(dict.fromkeys(word.strip() for word in line.split(",") if word.strip()))
        if len(words) < 2:
            raise InputError(f"{where}, line {number}: a group is two words or more: 방법, 방안")
        groups.append(words)
    return groups


@dataclass(frozen=True)
class Synonyms:
    """Groups of words that may stand for each other."""

    groups: Sequence[tuple[str, ...]]

    @cached_property
    def _others(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, tuple[str, ...]] = {}
        for group in self.groups:
            for word in group:
                more = tuple(each for each in group if each != word)
                found[word] = tuple(dict.fromkeys((*found.get(word, ()), *more)))
        return found

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        words = "|".join(map(re.escape, sorted(self._others, key=len, reverse=True)))
        particles = "|".join(sorted(_PARTICLES, key=len, reverse=True))
        return re.compile(rf"(?<![\w<\[])({words})({particles})?(?![\w>\]])")

    def replace(self, text: str, rng: Random, rate: float) -> str:
        """About ``rate`` of the words that have synonyms, one at least, become one of them."""
        found = list(self._pattern.finditer(text))
        if not found:
            return text
        count = max(1, round(rate * len(found)))
        for match in sorted(rng.sample(found, count), key=re.Match.start, reverse=True):
            new = rng.choice(self._others[match[1]])
            text = text[: match.start()] + new + fitting(new, match[2] or "") + text[match.end() :]
        return text


def fitting(word: str, particle: str) -> str:
    """The form of ``particle`` that follows ``word``."""
    last = word[-1]
    if not "가" <= last <= "힣":
        return particle
    final = apart(last)[2]
    for closed, opened in _PAIRS:
        if particle in (closed, opened):
            if closed == "으로" and final == "ㄹ":
                return opened
            return closed if final else opened
    return particle
