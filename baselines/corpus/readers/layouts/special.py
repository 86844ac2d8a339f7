"""Fields that are more than a text behind a path: conversations, ranked answers, languages."""

from __future__ import annotations

from typing import Any

from baselines.corpus.readers.layouts.schema import Dialogue, Earlier, Languages, Ranked
from baselines.corpus.readers.layouts.values import Places, Scopes, Texts, UnreadableError
from baselines.corpus.readers.layouts.variants import (
    MISSING,
    Each,
    explain,
    find,
    kind_of,
    steps_of,
)

_CODES = {
    "ko": ("ko", "kr", "kor", "kor_kr", "ko-kr", "한국어"),
    "en": ("en", "us", "eng", "en-us", "영어"),
    "zh": ("zh", "cn", "ch", "zh-cn", "중국어"),
    "ja": ("ja", "jp", "jpn", "ja-jp", "일본어"),
}
_LANGUAGE = {code: language for language, codes in _CODES.items() for code in codes}


class Conversation:
    """Turns as one text, with a line for each."""

    def __init__(self, dialogue: Dialogue, places: Places) -> None:
        self._dialogue = dialogue
        self._places = places
        self._looks = [places.looks(steps) for steps in dialogue.turns.paths]

    def text(self, scopes: Scopes, same: int) -> str:
        """``P01: 안녕하세요``, a line each; raises :class:`UnreadableError`."""
        turns = next(
            (found for look in self._looks if type(found := look(scopes, same)) is list), []
        )
        if not turns:
            raise self._places.explain(scopes, (*self._dialogue.turns.paths[0], Each.ELEMENT), same)
        return "\n".join(self._line(number, turn) for number, turn in enumerate(turns))

    def _line(self, number: int, turn: Any) -> str:
        place = f"{self._dialogue.turns.names[0]}[{number}]"
        said = [find(turn, (name,)) for name in (self._dialogue.speaker, self._dialogue.text)]
        for name, value in zip((self._dialogue.speaker, self._dialogue.text), said, strict=True):
            if not isinstance(value, str | int):
                why = explain(turn, (name,)) if isinstance(turn, dict) else kind_of(turn)
                raise UnreadableError(0, f"'{place}': {why}")
        return f"{said[0]}: {str(said[1]).strip()}"


class Before:
    """The turns before a question, as lines."""

    def __init__(self, earlier: Earlier, places: Places, nulls: frozenset[str]) -> None:
        self._most = earlier.most
        self._question = Texts(earlier.question, places, nulls)
        self._answer = Texts(earlier.answer, places, nulls)

    def put(self, question: str, scopes: Scopes, same: int) -> str:
        """``Q: …``, ``A: …`` for each turn, then the question; alone where it is the first."""
        lines = [
            line
            for turn in range(max(0, same - self._most), same)
            for line in (
                f"Q: {self._question.one(scopes, turn)}",
                f"A: {self._answer.one(scopes, turn)}",
            )
        ]
        return "\n".join([*lines, f"Q: {question}"]) if lines else question


class Preferences:
    """Answers in the order of their ranks."""

    def __init__(self, ranked: Ranked, places: Places, nulls: frozenset[str]) -> None:
        self._ranked = ranked
        self._places = places
        self._nulls = nulls
        self._looks = [(name, places.looks(steps_of(name))) for name in ranked.among]

    def best_first(self, scopes: Scopes, same: int) -> tuple[str, ...]:
        """Two answers at least; raises :class:`UnreadableError`."""
        found: list[tuple[float, str]] = []
        for name, look in self._looks:
            answer = look(scopes, same)
            if answer is MISSING or answer is None:
                continue
            text, rank = (find(answer, (key,)) for key in (self._ranked.text, self._ranked.rank))
            if not isinstance(text, str) or text in self._nulls:
                raise UnreadableError(0, f"'{name}.{self._ranked.text}' holds no text")
            found.append((_rank(rank, f"{name}.{self._ranked.rank}"), text))
        if len(found) < 2:
            raise self._places.explain(scopes, steps_of(self._ranked.among[len(found)]), same)
        return tuple(dict.fromkeys(text for _, text in sorted(found, key=lambda each: each[0])))


def _rank(value: Any, name: str) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        shown = "missing" if value is MISSING else kind_of(value)
        raise UnreadableError(0, f"'{name}' is {shown}, not a number") from None


class Direction:
    """The languages of a translation: ``ko-en``."""

    def __init__(self, languages: Languages, places: Places, nulls: frozenset[str]) -> None:
        self._ends = [
            (each.text, Texts(each, places, nulls)) for each in (languages.source, languages.target)
        ]

    def of(self, scopes: Scopes, same: int) -> str:
        """Raises :class:`UnreadableError` for a code that is not known."""
        return "-".join(_language(name, texts.one(scopes, same)) for name, texts in self._ends)


def _language(name: str, code: str) -> str:
    language = _LANGUAGE.get(code.lower())
    if language is None:
        raise UnreadableError(0, f"'{name}' is '{code}', which is no language that is known here")
    return language
