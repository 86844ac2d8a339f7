"""Special tokens as text: those of the known families, and those of one tokenizer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_FAMILIES = (
    r"</?s>",
    r"(?i:<(?:eos|bos|pad|unk|mask|cls|sep|eop|eod|usr|sys)>)",
    # Llama 3, ChatML, Phi, gpt-oss, DeepSeek's full-width bars, and forms with one bar.
    r"<\|[^|<>\n]{1,40}\|>",
    r"<｜[^｜<>\n]{1,40}｜>",
    r"<\|?[a-z_]{2,30}\|>",
    r"<\|[a-z_]{2,30}>",
    # EXAONE.
    r"\[\|/?[a-z_]{2,30}\|\]",
    r"</?(?:start|end)_of_\w{2,20}>",
    r"\[/?(?:INST|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|SYSTEM_PROMPT|THINK)\]",
    r"<</?SYS>>",
    r"\[(?:CLS|SEP|PAD|MASK|UNK|BOS|EOS|gMASK)\]",
    r"</?(?:think|thinking|thought|seed:think|tool_call|tool_response)>",
    r"◁/?think▷",
    r"<(?:unused|extra_id_|reserved_|special_token_|reserved_special_token_)\d{1,5}>",
)
MARKS = re.compile("|".join(_FAMILIES))
"""Special tokens of the known families, and what chat models write around an answer."""


def special_ids(tokenizer: Any) -> dict[str, int]:
    """The special tokens of a tokenizer, each with its id."""
    return {
        str(token): number
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special and str(token)
    }


def telling_tokens(special_tokens: Iterable[str]) -> list[str]:
    """The special tokens of a tokenizer that are no family's, and that no text would have."""
    return sorted(
        token
        for token in set(special_tokens)
        if len(token) > 2 and re.search(r"[^\w\s]", token) and not MARKS.fullmatch(token)
    )
