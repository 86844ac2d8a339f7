"""How a text is cut up before it is counted: one module per tokenizer."""

from __future__ import annotations

from evaluators.tokenizers.base import Tokenizer
from evaluators.tokenizers.registry import TOKENIZERS, tokenizer
from evaluators.tokenizers.remembering import remembering

__all__ = ["TOKENIZERS", "Tokenizer", "remembering", "tokenizer"]
