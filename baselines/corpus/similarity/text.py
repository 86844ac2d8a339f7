"""Texts as sets of shingles: without white space and case, so that spacing makes no difference."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

Shingles = NDArray[np.uint64]

GRAM: Final = 5
SHORT: Final = 64
"""Characters of a solid text below which it is short: five of them are too many to share."""
SHORT_GRAM: Final = 2

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
    hashes, _ = flat_shingles([solid_text], gram)
    return np.unique(hashes)


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
    hashes = np.zeros(windows, np.uint64)
    for place in range(gram):
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
    shared = len(np.intersect1d(first, second, assume_unique=True))
    union = len(first) + len(second) - shared
    return shared / union if union else 0.0
