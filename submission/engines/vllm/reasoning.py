"""The tags of vLLM's reasoning parsers."""

from __future__ import annotations

from typing import Any

from submission.errors import InputError, nearest
from submission.machine.hardware import vllm_version
from submission.recipes.thinking import Tags


def parser_tags(name: str, tokenizer: Any) -> Tags:
    """The tags that the parser called ``name`` looks for in this tokenizer's texts.

    Raises :class:`InputError` where there is no vLLM or no such parser, and for one without tags
    or whose tags the tokenizer lacks.
    """
    if vllm_version() is None:
        raise InputError(
            f"thinking.parser: '{name}' is one of vLLM's, which is not installed. Set "
            "thinking.open and thinking.close instead."
        )
    from vllm.reasoning import ReasoningParserManager

    known = ReasoningParserManager.list_registered()
    if name not in known:
        raise InputError(f"thinking.parser: vLLM has no '{name}'; it has {nearest(known, name)}.")
    try:
        parser = ReasoningParserManager.get_reasoning_parser(name)(tokenizer)
        opening, closing = parser.reasoning_start_str, parser.reasoning_end_str
    except Exception as error:  # noqa: BLE001 -- every parser has its own ways to fail
        raise InputError(
            f"thinking.parser: vLLM's '{name}' does not fit the tokenizer: {error}"
        ) from None
    if not opening or not closing:
        raise InputError(
            f"thinking.parser: vLLM's '{name}' has no pair of tags. Set thinking.open and "
            "thinking.close."
        )
    return Tags(opening, closing)
