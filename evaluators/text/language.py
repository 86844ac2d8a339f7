"""Which of Korean, English, Chinese and Japanese a text is in.

The scripts decide where they can. Where Hangul and Latin letters are mixed so that neither says
it, as in a Korean sentence full of English terms, a statistical identifier has the second vote.
"""

from __future__ import annotations

import re
import unicodedata
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
    # A word weighs as much as a syllable: 'A4 용지' is Korean, 'apple is 사과' is not yet.
    if _BEYOND_ASCII_AND_HANGUL.search(text) is None:
        runs = _ASCII_WORDS.findall(text)
        # A syllable takes three bytes of UTF-8, any other character here one.
        hangul, kana, han, other = (len(text.encode()) - len(text)) // 2, 0, 0, 0
        latin, words = sum(map(len, runs)), len(runs)
    else:
        scripts = text.translate(_SCRIPTS)
        hangul, kana, han = scripts.count(_HANGUL), scripts.count(_KANA), scripts.count(_HAN)
        latin, other = scripts.count(_LATIN), scripts.count(_OTHER)
        words = len(_LATIN_WORDS.findall(scripts))
    letters = hangul + kana + han + latin + other
    if letters < _FEWEST_LETTERS:
        return None
    if 2 * other > letters:
        return "other"
    if kana > hangul:
        return "ja"
    # Chinese has no Hangul: Hanja beside Korean endings are Korean.
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


class _Scripts(dict[int, str]):
    """Each character's script, or a blank for one that is no letter, as it is first met."""

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        return self.setdefault(code, _script(letter) if letter.isalpha() else " ")


_HANGUL, _KANA, _HAN, _LATIN, _OTHER = "gkhlo"
_LATIN_WORDS: Final = re.compile(f"{_LATIN}+")
_ASCII_WORDS: Final = re.compile("[A-Za-z]+")
_BEYOND_ASCII_AND_HANGUL: Final = re.compile("[^\\x00-\\x7f가-힣]")
_SCRIPTS: Final = _Scripts()


def _script(letter: str) -> str:
    name = unicodedata.name(letter, "")
    if "HANGUL" in name:
        return _HANGUL
    if "HIRAGANA" in name or "KATAKANA" in name:
        return _KANA
    if name.startswith("CJK"):
        return _HAN
    return _LATIN if "LATIN" in name else _OTHER


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
