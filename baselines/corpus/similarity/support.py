"""How much of a text stands in the documents that it is to be about."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

_WORD: Final = re.compile(r"[0-9A-Za-z가-힣一-鿿]{2,}")
_STEM: Final = 2


def support(text: str, documents: Iterable[str]) -> float:
    """Share of the words of ``text`` whose first two letters begin a word of the documents.

    Particles and endings leave these as they are. A text without words is supported.
    """
    stems = set(_stems(text))
    known = {stem for document in documents for stem in _stems(document)}
    return len(stems & known) / len(stems) if stems else 1.0


def _stems(text: str) -> Iterator[str]:
    return (word[:_STEM] for word in _WORD.findall(text))
