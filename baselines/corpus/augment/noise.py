"""Spelling and spacing as people type them: changed letters of syllables, moved spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

_INITIALS = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_FINALS = ("", *"ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
_FIRST, _LAST = 0xAC00, 0xD7A3

_ROWS = ("ㅂㅈㄷㄱㅅㅛㅕㅑㅐㅔ", "ㅁㄴㅇㄹㅎㅗㅓㅏㅣ", "ㅋㅌㅊㅍㅠㅜㅡ")
"""The keyboard of two sets, row by row."""

_ALIKE: Mapping[str, str] = {
    "ㅐ": "ㅔ", "ㅔ": "ㅐ", "ㅙ": "ㅚㅞ", "ㅚ": "ㅙㅞ", "ㅞ": "ㅚㅙ", "ㅒ": "ㅖ", "ㅖ": "ㅒㅔ",
    "ㅢ": "ㅣ", "ㅟ": "ㅣ",
}  # fmt: skip
"""Vowels that sound alike."""

_WORD = re.compile(r"\S+")
_TYPED = re.compile(r"[가-힣]{2,}")


def apart(syllable: str) -> tuple[str, str, str]:
    """The letters of a syllable; the last is empty where there is no final consonant."""
    number = ord(syllable) - _FIRST
    return _INITIALS[number // 588], _VOWELS[number % 588 // 28], _FINALS[number % 28]


def together(initial: str, vowel: str, final: str) -> str:
    """The syllable of these letters."""
    places = _INITIALS.index(initial), _VOWELS.index(vowel), _FINALS.index(final)
    return chr(_FIRST + places[0] * 588 + places[1] * 28 + places[2])


def _neighbours() -> dict[str, str]:
    found: dict[str, str] = {}
    for number, row in enumerate(_ROWS):
        for place, letter in enumerate(row):
            near = {row[n] for n in (place - 1, place + 1) if 0 <= n < len(row)}
            for other in (number - 1, number + 1):
                if 0 <= other < len(_ROWS) and place < len(_ROWS[other]):
                    near.add(_ROWS[other][place])
            found[letter] = "".join(sorted(near))
    return found


_NEAR = _neighbours()


def typos(text: str, rng: Random, rate: float) -> str:
    """One letter is mistyped in about ``rate`` of the words that have two syllables or more."""
    return _in_words(text, rng, rate, _TYPED, _mistype)


def spacing(text: str, rng: Random, rate: float) -> str:
    """About ``rate`` of the words run into the next one, or have a space in them."""
    words = list(_WORD.finditer(text))
    chosen = _some(range(len(words)), rng, rate)
    for place in reversed(chosen):
        match = words[place]
        inner = _TYPED.search(match[0])
        runs_on = place + 1 < len(words) and (inner is None or rng.random() < 0.5)
        if runs_on:
            text = text[: match.end()] + text[words[place + 1].start() :]
        elif inner is not None and _plain(match[0], inner):
            cut = match.start() + inner.start() + rng.randrange(1, len(inner[0]))
            text = f"{text[:cut]} {text[cut:]}"
    return text


def _in_words(
    text: str, rng: Random, rate: float, what: re.Pattern[str], change: Callable[[str, Random], str]
) -> str:
    found = [match for match in what.finditer(text) if _plain(text, match)]
    for place in reversed(_some(range(len(found)), rng, rate)):
        match = found[place]
        text = text[: match.start()] + change(match[0], rng) + text[match.end() :]
    return text


def _plain(text: str, match: re.Match[str]) -> bool:
    """Whether the word is no placeholder such as <이름> or [전화번호]."""
    around = text[max(0, match.start() - 1) : match.end() + 1]
    return not set("<>[]{}") & set(around)


def _some(places: range, rng: Random, rate: float) -> list[int]:
    """About ``rate`` of the places, one at least where there is one, in ascending order."""
    count = min(len(places), max(1, round(rate * len(places))))
    return sorted(rng.sample(places, count))


def _mistype(word: str, rng: Random) -> str:
    ways = [_near_key, _sounds_alike, _lost_final, _final_moved_on, _swapped, _doubled]
    rng.shuffle(ways)
    for way in ways:
        places = list(range(len(word)))
        rng.shuffle(places)
        for place in places:
            new = way(word, place, rng)
            if new is not None and new != word:
                return new
    return word


def _with(word: str, place: int, *letters: str) -> str:
    return word[:place] + together(*letters) + word[place + 1 :]


def _near_key(word: str, place: int, rng: Random) -> str | None:
    initial, vowel, final = apart(word[place])
    near = [each for each in _NEAR.get(initial, "") if each in _INITIALS]
    return _with(word, place, rng.choice(near), vowel, final) if near else None


def _sounds_alike(word: str, place: int, rng: Random) -> str | None:
    initial, vowel, final = apart(word[place])
    return (
        _with(word, place, initial, rng.choice(_ALIKE[vowel]), final) if vowel in _ALIKE else None
    )


def _lost_final(word: str, place: int, rng: Random) -> str | None:  # noqa: ARG001
    initial, vowel, final = apart(word[place])
    return _with(word, place, initial, vowel, "") if final else None


def _final_moved_on(word: str, place: int, rng: Random) -> str | None:  # noqa: ARG001
    """As it is said: 먹어 becomes 머거."""
    if place + 1 == len(word):
        return None
    initial, vowel, final = apart(word[place])
    after = apart(word[place + 1])
    if final not in _INITIALS or final in {"", "ㅇ"} or after[0] != "ㅇ":
        return None
    new = _with(word, place, initial, vowel, "")
    return _with(new, place + 1, final, *after[1:])


def _swapped(word: str, place: int, rng: Random) -> str | None:  # noqa: ARG001
    """Two syllables behind the first in the wrong order."""
    if not 0 < place < len(word) - 1:
        return None
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _doubled(word: str, place: int, rng: Random) -> str | None:  # noqa: ARG001
    """With or without the shift key."""
    initial, vowel, final = apart(word[place])
    other = dict(zip("ㄱㄷㅂㅅㅈㄲㄸㅃㅆㅉ", "ㄲㄸㅃㅆㅉㄱㄷㅂㅅㅈ", strict=True)).get(initial)
    return _with(word, place, other, vowel, final) if other else None
