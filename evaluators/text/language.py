"""Which of Korean, English, Chinese and Japanese a text is in.

The scripts decide where they can. Where Hangul and Latin letters are mixed so that neither says
it, as in a Korean sentence full of English terms, a statistical identifier has the second vote.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from functools import cache, lru_cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Literal, Protocol

from evaluators.optional import load_library

if TYPE_CHECKING:
    from collections.abc import Sequence

Language = Literal["ko", "en", "zh", "ja", "other"]
_IDENTIFIED: Final[tuple[Language, ...]] = ("ko", "en", "zh", "ja")

_FEWEST_LETTERS: Final = 2
_CLEAR: Final = 4


class _Identifier(Protocol):
    def set_languages(self, langs: Sequence[str]) -> None: ...

    def classify(self, text: str) -> tuple[str, float]: ...


@lru_cache(maxsize=1 << 15)
def language_of(text: str) -> Language | None:
    """Return the text's language, or None where fewer than two letters leave it open.

    Latin script counts as English. A text in another script, such as Cyrillic, is ``other``.
    """
    text = unicodedata.normalize("NFC", text)
    scripts = Counter(_script(letter) for letter in text if letter.isalpha())
    if scripts.total() < _FEWEST_LETTERS:
        return None
    hangul, kana, han = scripts["hangul"], scripts["kana"], scripts["han"]
    if 2 * scripts["other"] > scripts.total():
        return "other"
    if kana > hangul:
        return "ja"
    # Chinese has no Hangul: Hanja beside Korean endings are Korean.
    words = _latin_words(text)
    if not hangul:
        return "zh" if han > words else "en"
    korean = hangul + han
    if korean >= _CLEAR * words:
        return "ko"
    if words >= _CLEAR * korean:
        return "en"
    return _second_vote(text)


def language_signature() -> str:
    """Return what decides languages: the rule, and the identifier's version."""
    return f"script+py3langid-{version('py3langid')}"


@cache
def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if "HANGUL" in name:
        return "hangul"
    if "HIRAGANA" in name or "KATAKANA" in name:
        return "kana"
    if name.startswith("CJK"):
        return "han"
    return "latin" if "LATIN" in name else "other"


def _latin_words(text: str) -> int:
    # A word weighs as much as a syllable: 'A4 용지' is Korean, 'apple is 사과' is not yet.
    runs = 0
    inside = False
    for letter in text:
        latin = letter.isalpha() and _script(letter) == "latin"
        runs += latin and not inside
        inside = latin
    return runs


def _second_vote(text: str) -> Language:
    code, _ = _identifier().classify(text)
    return next((known for known in _IDENTIFIED if known == code), "other")


@cache
def _identifier() -> _Identifier:
    library = load_library(
        "py3langid.langid", needed_by="telling languages apart", install="py3langid"
    )
    identifier: _Identifier = library.LanguageIdentifier.from_model_file(library.MODEL_FILE)
    identifier.set_languages(_IDENTIFIED)
    return identifier
