"""Special tokens that a row's text spells out: they are text, and steer nothing.

``<end_of_turn>`` in a question would end the user's turn, and in an answer teach the model to stop
there. So nothing that a row says is read as a special token; what a recipe or a chat template says
is. A token whose parts stand in two fields that a template puts side by side is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

# Private use, where no text of a competition has anything to say.
_FIRST_MARK = 0xF0000
# Behind one of these a text is tokenized as it is within a text: without the space that some
# tokenizers put before its beginning.
_ANCHORS = ("가", "z", ".", "1", "\n")


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
        self._special = {
            str(token): number
            for number, token in tokenizer.added_tokens_decoder.items()
            if token.special and str(token)
        }
        # The longest first: one may begin as another does.
        listed = sorted(self._special, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, listed))) if listed else None

    def marks(self, rows: Iterable[str], ours: Iterable[str] = ()) -> Marks:
        """The marks for what the texts of a row spell; none of the texts has them, nor of ours."""
        if self._pattern is None:
            return Marks()
        texts = list(rows)
        found = {token for text in texts for token in self._pattern.findall(text)}
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
        for piece in filter(None, re.split(f"([{''.join(marks.tokens)}])", text)):
            if piece in marks.tokens:
                ids += self._as_text(marks.tokens[piece])
            elif ids:
                ids += self._within(piece) or self._plain(piece)
            else:
                ids += self._plain(piece)
        return self._enclosed(ids) if special else ids

    def _plain(self, text: str, *, special: bool = False, split: bool = False) -> list[int]:
        found = self._tokenizer(text, add_special_tokens=special, split_special_tokens=split)
        return list(found["input_ids"])

    def _within(self, text: str, *, split: bool = False) -> list[int]:
        """The ids of ``text`` where it goes on another; none where they cannot be told apart."""
        for anchor in _ANCHORS:
            before, whole = self._plain(anchor), self._plain(f"{anchor}{text}", split=split)
            if whole[: len(before)] == before:
                return whole[len(before) :]
        return []

    def _as_text(self, token: str) -> list[int]:
        """The ids of a special token's letters.

        A vocabulary may have the token as a piece like any other, too; then it is cut.
        """
        ids = self._within(token, split=True) or self._plain(token, split=True)
        if len(token) == 1 or not set(ids) & set(self._special.values()):
            return ids
        return [*self._as_text(token[:1]), *self._as_text(token[1:])]

    def _enclosed(self, ids: list[int]) -> list[int]:
        """``ids`` with what the tokenizer puts before and after any text."""
        whole, special = self._plain("가", special=True), set(self._special.values())
        before = list(takewhile(special.__contains__, whole))
        after = list(takewhile(special.__contains__, reversed(whole)))
        return [*before, *ids, *reversed(after)]
