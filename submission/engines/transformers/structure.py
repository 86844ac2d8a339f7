"""Structured output in batches: each row's next token goes on with its own grammar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from llguidance import LLTokenizer


def structure_mask(tokenizer: LLTokenizer, grammars: Sequence[str]) -> Any:
    """A logits processor that leaves the tokens that ``grammars``, one per row, allow.

    It follows one call of ``generate``, without beams. A row that has ended may go on with
    anything, because padding replaces it.
    """
    import torch
    from llguidance import LLMatcher
    from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
    from transformers import LogitsProcessor

    begun = {each: LLMatcher(tokenizer, each, log_level=0) for each in dict.fromkeys(grammars)}

    class StructureMask(LogitsProcessor):  # type: ignore[misc]
        def __init__(self) -> None:
            self._matchers = [begun[each].deep_copy() for each in grammars]
            self._bits = allocate_token_bitmask(len(grammars), tokenizer.vocab_size)
            self._prompt: int | None = None

        def __call__(self, ids: Any, scores: Any) -> Any:
            if self._prompt is None:
                self._prompt = ids.shape[1]
            newest = ids[:, self._prompt :][:, -1:].tolist()
            for row, matcher in enumerate(self._matchers):
                # One that is stopped, by its end token as well, takes no more of them.
                if newest[row] and not matcher.is_stopped():
                    matcher.consume_tokens(newest[row])
                fill_next_token_bitmask(matcher, self._bits, row)
            words = torch.from_numpy(self._bits).to(scores.device)
            places = torch.arange(32, device=scores.device)
            allowed = (words[..., None] >> places & 1).flatten(1)[:, : tokenizer.vocab_size]
            known = min(tokenizer.vocab_size, scores.shape[1])
            masked = torch.full_like(scores, -torch.inf)
            masked[:, :known] = scores[:, :known].where(allowed[:, :known].bool(), -torch.inf)
            return masked

    return StructureMask()
