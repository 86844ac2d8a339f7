"""What a model thought, apart from what it answered.

Both are told from the tokens of a whole completion, so that engines that generate the same tokens
return the same: the tags may be special tokens, which a decoded answer lacks.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from typing import Any

from submission.engines.base import Completion, Finish
from submission.errors import InputError
from submission.prompts.chat import template_source
from submission.recipes.schema import Recipe
from submission.recipes.thinking import KNOWN_TAGS, Tags

# Tokens at the end of a prompt that hold an opening tag, where there is one.
_TAIL = 64


def find_tags(tokenizer: Any, recipe: Recipe) -> Tags:
    """The tags that ``recipe`` names, else the known ones that its chat template or tokenizer has.

    Raises :class:`InputError` where there are none.
    """
    thinking = recipe.thinking
    if thinking is not None and thinking.open is not None and thinking.close is not None:
        return Tags(thinking.open, thinking.close)
    template = recipe.prompt.chat_template or template_source(tokenizer)
    added = {str(token) for token in tokenizer.added_tokens_decoder.values()}
    for tags in KNOWN_TAGS:
        if tags.close in template:
            return tags
    for tags in KNOWN_TAGS:
        if tags.close in added:
            return tags
    raise InputError(
        "thinking: neither the chat template nor the tokenizer has the tags of a known model. Set "
        "thinking.open and thinking.close, or remove [thinking] if the model does not think aloud."
    )


class Thoughts:
    """Separates thinking from answers in the tokens of one tokenizer.

    ``ends`` are the ids that end a completion. ``stops`` are the recipe's: ids, and texts. They end
    an answer, and mean nothing within the thinking.
    """

    def __init__(
        self,
        tokenizer: Any,
        tags: Tags,
        *,
        ends: Sequence[int],
        stops: tuple[Sequence[int], Sequence[str]],
    ) -> None:
        self.tags = tags
        self._tokenizer = tokenizer
        self._ends = frozenset(ends)
        self._stop_ids, self._stop_texts = frozenset(stops[0]), stops[1]

    def begun(self, prompt: Sequence[int]) -> bool:
        """Whether the completion of ``prompt`` begins within the thinking.

        Raises :class:`InputError` for a prompt that ends the thinking: there would be none.
        """
        tail = self._written(prompt[-_TAIL:]).rstrip()
        if tail.endswith(self.tags.close.rstrip()):
            raise InputError(
                f"thinking: the prompt ends with {self.tags.close!r}, so the model does not think. "
                "Turn it on where the chat template has a variable for it (often "
                "prompt.chat_template_kwargs.enable_thinking=true), or remove [thinking]"
            )
        return tail.endswith(self.tags.open.rstrip())

    def ids(self) -> tuple[list[int], list[int]]:
        """The tokens that begin thinking, and those that end it."""
        begin, end = (
            list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
            for text in (self.tags.open, self.tags.ending)
        )
        return begin, end

    def rule(self) -> str:
        """What comes before a structured answer, as a rule ``ahead`` of llguidance's Lark.

        Raises :class:`InputError` for a closing tag that is neither a text nor a single token.
        """
        close = self.tags.close
        ids = list(self._tokenizer(close, add_special_tokens=False)["input_ids"])
        added = set(self._tokenizer.added_tokens_decoder)
        if len(ids) == 1:
            thought = f"thought: <[^{ids[0]}]>* <[{ids[0]}]>"
        elif added.isdisjoint(ids):
            thought = f"thought[suffix={json.dumps(close, ensure_ascii=False)}]: /(?s:.*)/"
        else:
            raise InputError(
                f"sampling.structure: cannot wait for {close!r}, the end of the thinking, which is "
                "made of several special tokens. Remove it, or [thinking]."
            )
        return f"ahead: thought /\\n{{0,2}}/\n{thought}"

    def completion(
        self, key: str, prompt: Sequence[int], ids: Sequence[int], *, limited: bool
    ) -> Completion:
        """The completion of ``prompt`` by the tokens ``ids``; ``limited``: they reached a limit.

        Thinking without an end has no answer; what neither begins nor ends as thinking is one.
        """
        end = _first(ids, self._ends)
        count = len(ids) if end is None else end + 1
        finish = Finish.LENGTH if end is None and limited else Finish.STOP
        ids = ids[:end]
        written = self._written(ids)
        thinking, answered, _ = written.partition(self.tags.close)
        opened = thinking.lstrip().startswith(self.tags.open)
        if not answered:
            if opened or self.begun(prompt):
                told = self._thinking(thinking)
                return Completion(key, "", Finish.THINKING, len(prompt), count, told)
            thinking, text = "", self._answer(ids)
        else:
            places = range(len(ids) + 1)
            start = bisect_left(
                places, True, key=lambda place: self.tags.close in self._written(ids[:place])
            )
            # The token that completes the tag may begin the answer.
            text = self._written(ids[:start]).partition(self.tags.close)[2]
            ids = ids[start:]
            if (stop := _first(ids, self._stop_ids)) is not None:
                ids, finish = ids[:stop], Finish.STOP
            # The line breaks after a tag are the tag's, whatever ends an answer.
            text = f"{text}{self._answer(ids)}".lstrip("\n")
        for mark in self._stop_texts:
            if mark in text:
                text, finish = text.split(mark, 1)[0], Finish.STOP
        return Completion(key, text, finish, len(prompt), count, self._thinking(thinking))

    def _thinking(self, text: str) -> str:
        text = text.strip().removeprefix(self.tags.open.strip())
        return text.removesuffix(self.tags.ahead).strip()

    def _written(self, ids: Sequence[int]) -> str:
        """With the special tokens, of which a tag may be made."""
        return str(self._tokenizer.decode(ids))

    def _answer(self, ids: Sequence[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True))


def _first(ids: Sequence[int], any_of: frozenset[int]) -> int | None:
    """The place of the first id that is one of ``any_of``."""
    return next((place for place, token in enumerate(ids) if token in any_of), None)
