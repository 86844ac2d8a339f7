"""A question into the ids a model reads: the one function that training and inference share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from submission.errors import InputError
from submission.prompts.spelled import Marks, SpelledTokens
from submission.prompts.template import render
from submission.recipes.schema import Prompt


class PromptEncoder:
    """Renders and tokenizes prompts of one recipe with one tokenizer.

    A chat is rendered to text by the tokenizer's own template and tokenized without special
    tokens, which that template has already written: they are added once, never twice. Special
    tokens that a row's text spells out are read as text.
    """

    def __init__(self, tokenizer: Any, prompt: Prompt) -> None:
        if prompt.chat and not tokenizer.chat_template:
            raise InputError(
                "The recipe's prompt is a chat, but the model's tokenizer has no chat template. "
                "Set prompt.chat=false, or use a model that was tuned for chat."
            )
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._spelled = SpelledTokens(tokenizer)

    def text(self, question: str, context: str = "", row: Mapping[str, str] | None = None) -> str:
        """The prompt as text, special tokens of a chat template included."""
        return self._opened(self._user_turn(question, context, row or {}))

    def prompt_ids(
        self, question: str, context: str = "", row: Mapping[str, str] | None = None
    ) -> list[int]:
        """The prompt's token ids."""
        marks = self._marks(question, context, row)
        opened = self._opened(self._hidden_turn(marks, question, context, row))
        special = self._prompt.special_tokens and not self._prompt.chat
        return self._spelled.ids(opened, marks, special=special)

    def response_ids(
        self, answer: str, question: str, context: str = "", row: Mapping[str, str] | None = None
    ) -> list[int]:
        """What follows the prompt in training: the answer, then the end of the turn.

        Raises :class:`InputError` where the chat template renders a finished turn such that the
        prompt of inference is not its beginning, or the tokenizer has no end-of-sequence token.
        """
        marks = self._marks(question, context, row, answer)
        if self._prompt.chat:
            user = self._hidden_turn(marks, question, context, row)
            opened, whole = self._chat(user, None), self._chat(user, marks.hide(answer))
            if not whole.startswith(opened):
                raise InputError(
                    "The chat template does not render the assistant's turn after its generation "
                    "prompt, so what is trained would differ from what is generated. "
                    "Set prompt.chat=false and write the turns in prompt.template."
                )
            return self._spelled.ids(whole[len(opened) :], marks, special=False)
        end = self._tokenizer.eos_token_id
        if end is None:
            raise InputError(
                "The tokenizer has no end-of-sequence token, so no end can be learned."
            )
        return [*self._spelled.ids(marks.hide(answer), marks, special=False), end]

    def _marks(
        self, question: str, context: str, row: Mapping[str, str] | None, answer: str = ""
    ) -> Marks:
        ours = [self._prompt.template, self._prompt.system or ""]
        return self._spelled.marks([question, context, answer, *(row or {}).values()], ours)

    def _hidden_turn(
        self, marks: Marks, question: str, context: str, row: Mapping[str, str] | None
    ) -> str:
        hidden = {name: marks.hide(value) for name, value in (row or {}).items()}
        return self._user_turn(marks.hide(question), marks.hide(context), hidden)

    def _user_turn(self, question: str, context: str, row: Mapping[str, str]) -> str:
        return render(self._prompt.template, question=question, context=context, row=dict(row))

    def _opened(self, user: str) -> str:
        return self._chat(user, None) if self._prompt.chat else user

    def _chat(self, user: str, answer: str | None) -> str:
        messages = [{"role": "user", "content": user}]
        if self._prompt.system is not None:
            messages.insert(0, {"role": "system", "content": self._prompt.system})
        if answer is not None:
            messages.append({"role": "assistant", "content": answer})
        rendered = self._tokenizer.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=answer is None
        )
        return str(rendered)


def stop_tokens(tokenizer: Any, stop: list[str]) -> tuple[list[int], list[str]]:
    """``stop`` as (ids of those that are special tokens of the tokenizer, the other texts)."""
    special = {
        str(token): number
        for number, token in tokenizer.added_tokens_decoder.items()
        if token.special
    }
    return (
        [special[text] for text in stop if text in special],
        [text for text in stop if text not in special],
    )
