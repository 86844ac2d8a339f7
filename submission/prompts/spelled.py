"""Special tokens that a row's text spells out: they are text, and steer nothing.

``<end_of_turn>`` in a question would end the user's turn, and in an answer teach the model to stop
there. So nothing that a row says is read as a special token; what a recipe or a chat template says
is. A token whose parts stand in two fields that a template puts side by side is not looked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from submission.prompts.special import special_ids

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

    def show(self, text: str) -> str:
        """``text`` with the tokens again, also where a message has a mark escaped."""
        for mark, token in self.tokens.items():
            text = text.replace(mark, token).replace(ascii(mark)[1:-1], token)
        return text


class SpelledTokens:
    """Tokenizes with one tokenizer, texts with marks included."""

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = special_ids(tokenizer)
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

    def may_be_in(self, text: str) -> bool:
        """Whether ``text`` spells any; without, no part of it does."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def batch(self, texts: Sequence[tuple[str, Marks]], *, special: bool) -> list[list[int]]:
        """:meth:`ids` of each text with its marks; those without any are tokenized together."""
        plain = [text for text, marks in texts if not marks.tokens]
        together = iter(self._together(plain, special=special) if plain else ())
        return [
            self.ids(text, marks, special=special) if marks.tokens else next(together)
            for text, marks in texts
        ]

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
        before, after = self.around
        return [*before, *ids, *after] if special else ids

    def _together(self, texts: list[str], *, special: bool) -> list[list[int]]:
        if not self._by_library:
            told = {"add_special_tokens": special, "split_special_tokens": False}
            found = self._tokenizer(texts, **told)["input_ids"]
            return [list(ids) for ids in found]
        # Without the places in the text, and what else comes with ids, it takes half the time.
        library = self._tokenizer.backend_tokenizer
        library.no_padding()
        library.no_truncation()
        library.encode_special_tokens = False
        found = library.encode_batch_fast(texts, add_special_tokens=special)
        return [each.ids for each in found]

    @cached_property
    def _by_library(self) -> bool:
        """Whether the tokenizer hands texts to the tokenizers library as they are."""
        from transformers import PreTrainedTokenizerFast as Plain

        return isinstance(self._tokenizer, Plain) and all(
            getattr(type(self._tokenizer), name, None) is getattr(Plain, name, None)
            for name in ("__call__", "_encode_plus", "_batch_encode_plus")
        )

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
        if len(token) == 1 or set(self._special.values()).isdisjoint(ids):
            return ids
        return [*self._as_text(token[:1]), *self._as_text(token[1:])]

    @cached_property
    def around(self) -> tuple[list[int], list[int]]:
        """What the tokenizer puts before and after any text."""
        for anchor in _ANCHORS:
            # Of a letter that a vocabulary lacks, some tokenizers make nothing.
            text, whole = self._plain(anchor), self._plain(anchor, special=True)
            for start in range(len(whole) - len(text) + 1) if text else ():
                if whole[start : start + len(text)] == text:
                    return whole[:start], whole[start + len(text) :]
        return [], []
