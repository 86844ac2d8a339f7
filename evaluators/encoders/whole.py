"""Whether a model's files hold all of it, so that no library makes up the rest in silence."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING, Any, Final

from evaluators.errors import ModelUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterable

# What some checkpoints lack and no vector of ours is made of.
_UNUSED: Final = "pooler."
_LETTERS: Final = f"가1.{ascii_lowercase}"


def require_weights(model: str, missing: Iterable[str]) -> None:
    """Raise ModelUnavailableError for ``missing`` weights: they would be random numbers."""
    names = sorted(name for name in missing if _UNUSED not in name)
    if names:
        raise ModelUnavailableError(
            f"model {model!r} lacks {len(names)} weights, such as {names[0]}, which would be "
            "random numbers: copy the whole model again, all of its files"
        )


def knows_text(tokenizer: Any) -> bool:
    """Whether the tokenizer has a token of its own for any letter, digit or full stop.

    What transformers makes up for a folder without a tokenizer's files has special tokens only, or
    next to nothing beside them.
    """
    special = set(tokenizer.all_special_ids)
    if len(tokenizer) <= len(special):
        return False
    each = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in _LETTERS)
    return any(ids and special.isdisjoint(ids) for ids in each)


def require_vocabulary(model: str, tokenizer: Any) -> None:
    """Raise ModelUnavailableError for a tokenizer that knows no text (:func:`knows_text`)."""
    if not knows_text(tokenizer):
        raise ModelUnavailableError(
            f"model {model!r} has no vocabulary: copy its tokenizer's files too, tokenizer.json or "
            "vocab.txt or the .model file, with tokenizer_config.json"
        )
