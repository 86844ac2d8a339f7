"""Shares of a text that are symbols, repeated, or broken; counted in its units of UTF-16."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Final

import numpy as np

REPETITION_IN: Final = 5_000
"""Characters in which repetition is looked for: a long text of one matter repeats its terms."""
FEWEST: Final = 100
"""Characters below which nothing counts as repeated."""

_MOJIBAKE: Final = re.compile(
    "[\u00c0-\u00ff][\u0080-\u00bf]|\N{REPLACEMENT CHARACTER}|占쏙옙|[뷁뵭쎄]{2,}"
)
"""UTF-8 read as Latin-1, what no decoder knew, and UTF-8 read as cp949 twice over."""
_SIGNS: Final = "\N{REPLACEMENT CHARACTER}ìëíêãâÃÂ占뷁뵭쎄"
"""One of these is in every text whose Korean, Japanese, Chinese or quotation marks are broken."""


def broken_share(text: str) -> float:
    """The share of characters that a wrong decoding left."""
    if text.isascii():
        return 0.0
    for sign in _SIGNS:
        if sign in text:
            return sum(map(len, _MOJIBAKE.findall(text))) / len(text)
    return 0.0


def symbol_share(text: str) -> float:
    """The share of characters that are neither letters nor digits, white space aside."""
    if text.isalnum():
        return 0.0
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)
    symbols = int(np.count_nonzero(_symbols().take(units)))
    seen = len(text) - sum(map(text.count, " \n"))
    return symbols / seen if symbols else 0.0


def repeated_share(text: str) -> float:
    """The share of pieces of eight characters that were there before."""
    if len(text) < FEWEST:
        return 0.0
    data = text[:REPETITION_IN].encode("utf-16-le", "surrogatepass")
    # Every four characters as a number; two of these, one behind the other, are a piece.
    fours = np.ndarray((len(data) // 2 - 3,), np.uint64, data, strides=(2,)).copy()
    pieces = fours[:-4] * _FACTOR + fours[4:]
    pieces = (pieces >> _HALF).astype(np.uint32)
    pieces.sort()
    return int(np.count_nonzero(pieces[1:] == pieces[:-1])) / len(pieces)


_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_HALF: Final = np.uint64(32)


@cache
def _symbols() -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which units are symbols; of a pair the first says it: an emoji, or a rare letter."""
    table = np.array([_is_symbol(chr(code)) for code in range(1 << 16)])
    table[0xD800:0xE000] = False
    table[0xD83C:0xD83F] = True
    return table


def _is_symbol(letter: str) -> bool:
    if letter.isalnum() or letter.isspace():
        return False
    return not unicodedata.category(letter).startswith("M")
