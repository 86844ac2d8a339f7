"""Special tokens that a row's text spells out: they are text, and steer nothing.

``<end_of_turn>`` in a question would end the user's turn, and in an answer teach the model to stop
there. So nothing that a row says is read as a special token; what a recipe or a chat template says
is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

# Private use, where no text of a competition has anything to say.
_FIRST_MARK = 0xF0000


@dataclass(frozen=True)
class Marks:
    """Single characters that stand for special tokens until a template has been rendered."""

    tokens: Mapping[str, str] = field(default_factory=dict)

    def hide(self, text: str) -> str:
        """``text`` with every token it spells as its mark."""
        for mark, token in self.tokens.items():
            text = text.replace(token, mark)
        return text


class SpelledTokens:
    """Tokenizes with one tokenizer, texts with marks included."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        special = {
            str(token) for token in tokenizer.added_tokens_decoder.values() if token.special
        } - {""}
        # The longest first: one may begin as another does.
        listed = sorted(special, key=len, reverse=True)
        self._special = re.compile("|".join(map(re.escape, listed))) if listed else None

    def marks(self, rows: Iterable[str], ours: Iterable[str] = ()) -> Marks:
        """The marks for what the texts of a row spell; none of the texts has them, nor of ours."""
        if self._special is None:
            return Marks()
        texts = list(rows)
        found = {token for text in texts for token in self._special.findall(text)}
        if not found:
            return Marks()
        taken = set().union(*texts, *ours)
        free = (chr(code) for code in range(_FIRST_MARK, 0x110000) if chr(code) not in taken)
        longest_first = sorted(found, key=lambda token: (-len(token), token))
        return Marks(dict(zip(free, longest_first, strict=False)))

    def ids(self, text: str, marks: Marks, *, special: bool) -> list[int]:
        """The token ids of ``text``; with ``special``, in the tokenizer's own special tokens."""
        if not any(mark in text for mark in marks.tokens):
            return self._plain(text, special=special)
        ids: list[int] = []
        for piece in re.split(f"([{''.join(marks.tokens)}])", text):
            if piece in marks.tokens:
                found = self._tokenizer(
                    marks.tokens[piece], add_special_tokens=False, split_special_tokens=True
                )
                ids += found["input_ids"]
            elif piece:
                ids += self._plain(piece, special=False)
        return self._enclosed(ids) if special else ids

    def _plain(self, text: str, *, special: bool) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=special)["input_ids"])

    def _enclosed(self, ids: list[int]) -> list[int]:
        """``ids`` with what the tokenizer puts before and after any text."""
        inner, whole = self._plain("가", special=False), self._plain("가", special=True)
        first = next(
            place for place in range(len(whole)) if whole[place : place + len(inner)] == inner
        )
        return [*whole[:first], *ids, *whole[first + len(inner) :]]
