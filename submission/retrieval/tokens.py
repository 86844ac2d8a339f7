"""Words for sparse retrieval. Every text is brought into NFKC first: Kiwi takes decomposed Hangul
for one noun, and full-width letters for symbols.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib.metadata import version
from typing import Any

from evaluators.optional import load_library

LONGEST = 2000
"""Characters that Kiwi is given at once: it needs more memory than time for endless ones."""

_CONTENT = ("N", "V", "M", "SL", "SH", "SN", "XR", "W", "IC")
_SKIPPED = frozenset({"NNB", "VCP", "VCN", "VX"})
_WORDS = re.compile(r"\w+")


def normalized(text: str) -> str:
    """``text`` in NFKC and lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def words(texts: Sequence[str]) -> list[list[str]]:
    """What stands between spaces and punctuation."""
    return [_WORDS.findall(normalized(text)) for text in texts]


def bigrams(texts: Sequence[str]) -> list[list[str]]:
    """Two neighbouring characters of a word each; a word of one stays as it is."""
    return [
        [word[at : at + 2] for word in found for at in range(max(len(word) - 1, 1))]
        for found in words(texts)
    ]


def morphemes(texts: Sequence[str]) -> list[list[str]]:
    """Nouns, stems, adverbs, foreign words and numbers by Kiwi; no particles, no endings.

    So 서울 is found in 서울은 and 서울에서.
    """
    pieces, owners = [], []
    for place, text in enumerate(texts):
        for piece in _pieces(normalized(text)):
            pieces.append(piece)
            owners.append(place)
    found: list[list[str]] = [[] for _ in texts]
    for place, tokens in zip(owners, _kiwi().tokenize(pieces), strict=True):
        found[place] += [
            token.form
            for token in tokens
            if token.tag.startswith(_CONTENT) and token.tag not in _SKIPPED
        ]
    return found


def mixed(texts: Sequence[str]) -> list[list[str]]:
    """Morphemes and bigrams together, the latter marked so that no morpheme is taken for one.

    Kiwi may take a name that it does not know and the particle behind it for one noun; the pairs
    of letters are found all the same.
    """
    return [
        [*whole, *(f"{pair}\t" for pair in pairs)]
        for whole, pairs in zip(morphemes(texts), bigrams(texts), strict=True)
    ]


WAYS: dict[str, Callable[[Sequence[str]], list[list[str]]]] = {
    "morphemes": morphemes,
    "bigrams": bigrams,
    "mixed": mixed,
    "words": words,
}


def signature(way: str) -> str:
    """The way with the versions that its tokens depend on."""
    if way not in ("morphemes", "mixed"):
        return way
    return f"{way}, kiwi {version('kiwipiepy')}, model {version('kiwipiepy_model')}"


def sentences(text: str) -> list[tuple[int, int]]:
    """Where the sentences of ``text`` are, which together are the whole of it."""
    spans: list[tuple[int, int]] = []
    start = 0
    for piece in _pieces(text):
        ends = [start + sentence.end for sentence in _kiwi().split_into_sents(piece)]
        end = start + len(piece)
        begin = start
        for stop in [*ends[:-1], end]:
            # White space belongs to the sentence before it.
            while stop < end and text[stop].isspace():
                stop += 1
            if stop > begin:
                spans.append((begin, stop))
                begin = stop
        start = end
    return spans


def _pieces(text: str) -> Iterator[str]:
    """``text`` in pieces of :data:`LONGEST` at most, cut behind a line's end or a space."""
    start = 0
    while len(text) - start > LONGEST:
        end = start + LONGEST
        cut = max(text.rfind("\n", start, end), text.rfind(" ", start, end)) + 1
        stop = cut if cut > start else end
        yield text[start:stop]
        start = stop
    if start < len(text):
        yield text[start:]


@cache
def _kiwi() -> Any:
    library = load_library("kiwipiepy", needed_by="Korean retrieval", install="kiwipiepy")
    return library.Kiwi()
