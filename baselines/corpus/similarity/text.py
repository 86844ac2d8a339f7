"""Texts as sets of shingles: without white space and case, so that spacing makes no difference."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Shingles = NDArray[np.uint64]

GRAM: Final = 5
SHORT: Final = 64
"""Characters of a solid text below which it is short: five of them are too many to share."""
SHORT_GRAM: Final = 2

TOGETHER: Final = 256
"""Texts that are hashed together: as many as stay in a processor's cache, twice as fast as more."""

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_MIX: Final = np.uint64(0xBF58476D1CE4E5B9)


def solid(text: str) -> str:
    """``text`` in NFC and lower case, without white space."""
    joined = "".join(text.split())
    return (joined if joined.isascii() else unicodedata.normalize("NFC", joined)).lower()


def shingles(solid_text: str, gram: int = GRAM) -> Shingles:
    """The hashes of a solid text's character n-grams, each once, ascending.

    A text shorter than ``gram`` is one shingle; an empty one has none.
    """
    return next(shingles_of([solid_text], gram))


def shingles_of(solid_texts: Sequence[str], gram: int = GRAM) -> Iterator[Shingles]:
    """The shingles of each text, as :func:`shingles` gives them."""
    for start in range(0, len(solid_texts), TOGETHER):
        hashes, offsets = flat_shingles(solid_texts[start : start + TOGETHER], gram)
        bounds = offsets.astype(np.int64)
        for one, next_one in pairwise(bounds.tolist()):
            hashes[one:next_one].sort()
        first = np.ones(len(hashes), bool)
        np.not_equal(hashes[1:], hashes[:-1], out=first[1:])
        first[bounds[bounds < len(hashes)]] = True
        distinct = hashes[first]
        ends = np.concatenate(([0], np.cumsum(first)))[bounds]
        yield from (distinct[one:next_one] for one, next_one in pairwise(ends.tolist()))


def flat_shingles(
    solid_texts: Sequence[str], gram: int = GRAM
) -> tuple[Shingles, NDArray[np.uint64]]:
    """The hashes of many texts' n-grams one after the other, repeated ones too, and the offsets.

    Text ``n`` has ``hashes[offsets[n]:offsets[n + 1]]``.
    """
    padded = [text.ljust(gram, "\0") if 0 < len(text) < gram else text for text in solid_texts]
    lengths = np.fromiter(map(len, padded), np.int64, len(padded))
    encoded = "".join(padded).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(encoded, np.uint32).astype(np.uint64)
    windows = max(len(points) - gram + 1, 0)
    hashes = points[:windows].copy()
    for place in range(1, gram):
        hashes *= _FACTOR
        hashes += points[place : place + windows]
    hashes ^= hashes >> np.uint64(31)
    hashes *= _MIX
    hashes ^= hashes >> np.uint64(29)
    counts = np.maximum(lengths - gram + 1, 0)
    offsets = np.concatenate(([0], np.cumsum(counts))).astype(np.uint64)
    # Windows that begin in one text and end in the next are no shingles.
    own = np.ones(len(points), bool)
    ends = np.cumsum(lengths)
    for back in range(1, gram):
        inside = ends[lengths > 0] - back
        own[inside] = False
    return hashes[own[:windows]], offsets


def jaccard(first: Shingles, second: Shingles) -> float:
    """Size of the intersection of two ascending sets by that of their union; 0 for empty ones."""
    both = np.concatenate((first, second))
    both.sort()
    shared = int(np.count_nonzero(both[1:] == both[:-1]))
    union = len(first) + len(second) - shared
    return shared / union if union else 0.0
