"""How a text is cut up before it is counted: one module per tokenizer."""

from __future__ import annotations

from evaluators.tokenizers.base import Tokenizer
from evaluators.tokenizers.cached import cached_tokenizer
from evaluators.tokenizers.registry import TOKENIZERS, tokenizer

__all__ = ["TOKENIZERS", "Tokenizer", "cached_tokenizer", "tokenizer"]
