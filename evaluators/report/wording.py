"""The report's own words, in Korean and English."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from evaluators.report.data import Language


@cache
def wording() -> Mapping[str, Mapping[Language, str]]:
    """Return every phrase by key, in each language; ``{name}`` stands for what is filled in."""
    text = files("evaluators.report").joinpath("wording.json").read_text("utf-8")
    phrases: Mapping[str, Mapping[Language, str]] = json.loads(text)
    return phrases


@dataclass(frozen=True)
class Note:
    """A phrase with its gaps filled, which the reader's language is chosen for later.

    As text it is English.
    """

    key: str
    filled: Mapping[str, str | float] = field(default_factory=dict)

    def __str__(self) -> str:
        return say(self.key, "en", **self.filled)


def say(key: str, language: Language, **filled: str | float) -> str:
    """Return the phrase ``key`` with its gaps filled."""
    return wording()[key][language].format(**filled)


def say_or_keep(prefix: str, name: str, language: Language) -> str:
    """Return the phrase ``prefix.name``, or the name itself where the report has no word for it."""
    phrase = wording().get(f"{prefix}.{name}")
    return phrase[language] if phrase else name
