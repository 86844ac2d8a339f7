"""From a tokenizer's name to the tokenizer."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from evaluators.errors import one_of
from evaluators.tokenizers.character import Character
from evaluators.tokenizers.kiwi import Kiwi
from evaluators.tokenizers.mecab import Mecab
from evaluators.tokenizers.whitespace import Whitespace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from evaluators.tokenizers.base import Tokenizer

_KNOWN: Final[Mapping[str, Callable[[], Tokenizer]]] = MappingProxyType(
    {kind.name: kind for kind in (Mecab, Kiwi, Whitespace, Character)}
)

TOKENIZERS: Final = tuple(_KNOWN)
"""The names ``tokenizer`` knows."""


def tokenizer(name: str) -> Tokenizer:
    """Return the tokenizer called ``name``; raises EvaluationError for another name."""
    return _KNOWN[one_of("tokenizer", name, TOKENIZERS)]()
