"""How many tokens a prompt has: counted where the recipe names the tokenizer, else estimated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from submission.adapters.load import load_tokenizer
from submission.adapters.tokenizer import locate_tokenizer
from submission.recipes.schema import Model

BYTES_PER_TOKEN = 4.0
"""Near what common vocabularies make of Korean and of English."""

_AROUND = 16
"""Tokens around a message's text; no known chat template has more."""


class TokenCounter:
    """Counts the tokens of a body's prompt; ``exact`` tells whether with the model's tokenizer.

    Raises :class:`InputError` for a ``model.tokenizer`` that cannot be loaded.
    """

    def __init__(self, model: Model, *, chat: bool) -> None:
        self._tokenizer: Any = None
        if model.tokenizer is not None:
            self._tokenizer = load_tokenizer(
                locate_tokenizer(model.tokenizer), trust_remote_code=model.trust_remote_code
            )
        self.exact = self._tokenizer is not None and (
            not chat or bool(self._tokenizer.chat_template)
        )

    def count(self, body: Mapping[str, Any]) -> int:
        """The tokens of the prompt, or about as many."""
        if not self.exact:
            return round(_size(body) / BYTES_PER_TOKEN)
        if "messages" in body:
            rendered = self._tokenizer.apply_chat_template(
                body["messages"], add_generation_prompt=True, tokenize=False
            )
            return len(self._tokenizer.encode(rendered, add_special_tokens=False))
        special = body.get("add_special_tokens", True)
        return len(self._tokenizer.encode(body["prompt"], add_special_tokens=special))

    def most(self, body: Mapping[str, Any]) -> int:
        """No fewer tokens than the prompt has: each stands for a byte at least."""
        return _size(body) + _AROUND * len(body.get("messages", "p"))


def _size(body: Mapping[str, Any]) -> int:
    """Bytes of the texts that are asked."""
    if "prompt" in body:
        return len(body["prompt"].encode())
    return sum(len(each["content"].encode()) for each in body["messages"])
