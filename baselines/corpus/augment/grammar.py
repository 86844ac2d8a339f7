"""Particles and endings in other words of the same meaning, by the morphemes that Kiwi finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from random import Random
from typing import Any, NamedTuple, Protocol

from baselines.corpus.augment.noise import apart
from evaluators.optional import load_library
from evaluators.tokenizers.kiwi import Kiwi

LONGEST = 2_000
"""Characters of a text that is analysed; longer ones are left as they are."""

_VERBS = frozenset({"VV", "VX", "XSV"})
_NOUNS = frozenset({"NNG", "NNP", "NNB", "NR", "NP", "XSN"})
_STATES = {"습니다", "ᆸ니다"}
_ASKS_PLAIN = {"나요", "ᆫ가요", "는가요", "은가요", "ᆫ가"}
_ASKS_FORMAL = {"습니까", "ᆸ니까"}


class Token(Protocol):
    """What is read of Kiwi's tokens."""

    form: str
    tag: str
    start: int
    end: int
    word_position: int
    sent_position: int


class _Word(NamedTuple):
    tokens: Sequence[Token]
    start: int
    stop: int


@cache
def _kiwi() -> Any:
    library = load_library("kiwipiepy", needed_by="particles and endings", install="kiwipiepy")
    return library.Kiwi(num_workers=1)


def version() -> str:
    """Of the analyser and its model."""
    return Kiwi().signature


def particles(text: str, rng: Random, rate: float) -> str:
    """About ``rate`` of the particles that can be left out or said otherwise, one at least."""
    found = [
        (token.start, token.end, new)
        for word in _words(text)
        for before, token in zip(word.tokens, word.tokens[1:], strict=False)
        if (new := _other_particle(before, token, rng)) is not None and _stands(text, token)
    ]
    return _some_of(text, found, rng, rate)


def endings(text: str, rng: Random, rate: float) -> str:
    """About ``rate`` of the sentences' endings are of another level of speech, one at least."""
    words = list(_words(text))
    found = []
    for word, after in zip(words, [*words[1:], None], strict=True):
        place = _predicate(word.tokens)
        new = _other_ending(word.tokens[place:])
        if new is None or (after is not None and not _closed(text, word)):
            continue
        found.append((word.tokens[place].start, word.stop, new))
    return _some_of(text, found, rng, rate)


def _words(text: str) -> Iterator[_Word]:
    """The words of a text by their morphemes, without the signs around them."""
    if len(text) > LONGEST:
        return
    tokens = _kiwi().tokenize(text)
    for _, group in groupby(tokens, key=lambda token: (token.sent_position, token.word_position)):
        found = [token for token in group if not token.tag.startswith(("S", "W"))]
        if found:
            yield _Word(found, found[0].start, max(token.end for token in found))


def _some_of(text: str, found: list[tuple[int, int, str]], rng: Random, rate: float) -> str:
    if not found:
        return text
    chosen = sorted(rng.sample(found, max(1, round(rate * len(found)))), reverse=True)
    for start, stop, new in chosen:
        text = text[:start] + new + text[stop:]
    return text


def _stands(text: str, token: Token) -> bool:
    """Whether the token is written as it is: nothing was contracted into it."""
    return text[token.start : token.end] == token.form


def _closed(text: str, word: _Word) -> bool:
    """Whether a sentence ends behind the word."""
    return text[word.stop : word.stop + 1] in {".", "?", "!"}


def _other_particle(before: Token, token: Token, rng: Random) -> str | None:
    if before.tag not in _NOUNS:
        return None
    match token.tag, token.form:
        case "JKO", _:
            return ""
        case (("JC" | "JKB"), ("와" | "과")):
            return rng.choice(["하고", "랑" if token.form == "와" else "이랑"])
        case (("JC" | "JKB"), "하고"):
            return None
        case "JKB", "에게":
            return "한테"
        case "JKB", "한테":
            return "에게"
        case _:
            return None


def _is_closed(word: str) -> bool:
    """Whether the last syllable has a final consonant."""
    return "가" <= word[-1] <= "힣" and bool(apart(word[-1])[2])


def _predicate(tokens: Sequence[Token]) -> int:
    """Where the last verb of a word begins that nothing was contracted into."""
    for place in range(len(tokens) - 1, 0, -1):
        if tokens[place].tag.startswith(("V", "XSV", "XSA")):
            apart = tokens[place].start >= tokens[place - 1].end
            return place if apart and tokens[place].tag in {"VV", "VA", "VX"} else 0
    return 0


def _other_ending(tokens: Sequence[Token]) -> str | None:
    """The word with another ending; None where it ends no sentence, or in a form not known here."""
    pairs = [(token.form, token.tag) for token in tokens]
    if pairs[-1] == ("요", "JX") and len(pairs) > 1:  # ㄴ가 and 요
        pairs = [*pairs[:-2], (pairs[-2][0] + "요", pairs[-2][1])]
    if len(pairs) < 2 or pairs[-1][1] != "EF":
        return None
    stem, ending = pairs[:-1], pairs[-1][0]
    verb, tag = stem[-1]
    if ending in _STATES and tag == "VCP":
        noun: str = _kiwi().join(stem[:-1])
        return noun + ("이에요" if _is_closed(noun) else "예요") if noun else None
    if ending in _STATES:
        new = [("어요", "EF")]
    elif ending in _ASKS_FORMAL:
        asks = "나요" if tag in _VERBS or verb in {"있", "없"} or tag == "EP" else "ᆫ가요"
        new = [(asks, "EF")]
    elif ending in _ASKS_PLAIN:
        new = [("습니까", "EF")]
    elif ending == "세요":
        new = [("시", "EP"), ("ᆸ시오", "EF")]
    elif ending == "ᆸ시오" and verb == "시":
        stem, new = stem[:-1], [("세요", "EF")]
    else:
        return None
    joined: str = _kiwi().join([*stem, *new])
    return joined if " " not in joined else None
