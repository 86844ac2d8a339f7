"""A tokenizer with a cache, for texts that come again and again."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TEXTS_KEPT: Final = 1 << 14


def cached_tokenizer(tokenize: Callable[[str], Sequence[str]]) -> Callable[[str], Sequence[str]]:
    """Return ``tokenize`` with a cache of its last 16,384 texts.

    References come back for every system, and analysing them costs far more than counting. Equal
    tokens are one object, so that a text costs a pointer per token.
    """
    known: dict[str, str] = {}

    @lru_cache(maxsize=_TEXTS_KEPT)
    def tokens(text: str) -> Sequence[str]:
        found = tokenize(text)
        return list(map(known.setdefault, found, found))

    return tokens
