"""What the judge is asked: a text with places for the row's texts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

from evaluators.errors import EvaluationError
from evaluators.paths import local_path

if TYPE_CHECKING:
    from collections.abc import Mapping

Mode = Literal["pointwise", "pairwise"]

_PLACE: Final = re.compile(r"\{([a-z]+)\}")
_NEEDED: Final[dict[Mode, tuple[str, ...]]] = {
    "pointwise": ("answer",),
    "pairwise": ("first", "second"),
}
_KNOWN: Final[dict[Mode, tuple[str, ...]]] = {
    "pointwise": ("answer", "reference", "question", "low", "high"),
    "pairwise": ("first", "second", "question"),
}


@dataclass(frozen=True)
class Rubric:
    """A rubric's text; ``name`` is ``default`` or the file's name."""

    name: str
    text: str = field(repr=False)

    @property
    def digest(self) -> str:
        """Hex SHA-256 of the text."""
        return sha256(self.text.encode()).hexdigest()

    def asks_for(self, place: str) -> bool:
        """Return whether the text has this place."""
        return f"{{{place}}}" in self.text

    def fill(self, values: Mapping[str, str]) -> str:
        """Return the text with its places filled.

        In one pass: a place written inside an answer stays what the answer says.
        """
        return _PLACE.sub(lambda found: values.get(found[1], found[0]), self.text)


def load_rubric(path: str | None, mode: Mode) -> Rubric:
    """Read the rubric file, or the Korean one shipped for ``mode``.

    Raises EvaluationError where the file cannot be read, lacks a place that the mode needs
    (``{answer}``; ``{first}`` and ``{second}``), or has one that nothing fills.
    """
    if path is None:
        shipped = files("evaluators.judge") / "rubrics" / f"{mode}.ko.txt"
        return Rubric("default", shipped.read_text(encoding="utf-8"))
    file = local_path(path)
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise EvaluationError(f"judge: the rubric {path} cannot be read as UTF-8 text") from error
    rubric = Rubric(file.name, text)
    for place in _NEEDED[mode]:
        if not rubric.asks_for(place):
            raise EvaluationError(
                f"judge: the rubric {path} has no {{{place}}}, which mode={mode} needs"
            )
    for place in _PLACE.findall(text):
        if place not in _KNOWN[mode]:
            raise EvaluationError(
                f"judge: the rubric {path} has an unknown placeholder {{{place}}}: mode={mode} "
                f"fills {', '.join(_KNOWN[mode])}"
            )
    return rubric
