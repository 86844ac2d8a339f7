"""A question into the ids a model reads: the one function that training and inference share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any

from submission.errors import InputError, few
from submission.prompts.chat import ChatTemplate, local_day
from submission.prompts.special import special_ids
from submission.prompts.spelled import Marks, SpelledTokens
from submission.prompts.user_turn import Options, Shot, example_turns, shot_texts, user_turn
from submission.prompts.values import texts
from submission.recipes.schema import Prompt

NO_MARKS = Marks()

Asked = tuple[str, str, Mapping[str, str] | None, Options, Sequence[Shot]]
"""What a prompt is rendered from: question, context, the row's columns, options, examples."""


class PromptEncoder:
    """Renders and tokenizes prompts of one recipe with one tokenizer.

    A chat is rendered to text by the tokenizer's own template and tokenized without special
    tokens, which that template has already written: they are added once, never twice. Other prompts
    get those of the tokenizer, but no end, after which a decoder would have nothing to say; an
    encoder's input (``seq2seq``) keeps it. What is left out of every prompt is told to ``say``, and
    so is an end that a template writes: the tokenizer's, or one of the model's ``ends``.
    Special tokens that a row's text spells out are read as text.

    ``date`` is what the chat template is told of the day, the recipe's or ``today``; None where it
    does not ask.
    """

    def __init__(
        self,
        tokenizer: Any,
        prompt: Prompt,
        *,
        seq2seq: bool = False,
        ends: Iterable[int] = (),
        today: date | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        if prompt.chat and not (prompt.chat_template or tokenizer.chat_template):
            raise InputError(
                "The recipe's prompt is a chat, but the model's tokenizer has no chat template. "
                "Set prompt.chat=false, give one (prompt.chat_template), or use a model that was "
                "tuned for chat."
            )
        self._tokenizer = tokenizer
        self._prompt = prompt
        self._spelled = SpelledTokens(tokenizer)
        self._chat: ChatTemplate | None = None
        self.date: date | None = None
        if prompt.chat:
            self._chat = ChatTemplate(tokenizer, prompt, today=today or local_day())
            self.date = self._chat.date
        self._special = prompt.special_tokens and not prompt.chat
        self._end = self._spelled.around[1] if self._special and not seq2seq else []
        self._say = say
        self._told: set[str] = set()
        self._blank: dict[int, bool] = {}
        own = {*ends, tokenizer.eos_token_id}
        self._ends = frozenset() if seq2seq else frozenset(own)
        if self._end:
            say(
                f"The tokenizer ends every text with {self._named(self._end)}; prompts are made "
                "without it."
            )

    def text(
        self,
        question: str,
        context: str = "",
        row: Mapping[str, str] | None = None,
        options: Options = (),
        shots: Sequence[Shot] = (),
    ) -> str:
        """The prompt as text, special tokens of a chat template included."""
        return self._opened(question, context, row, options, shots)

    def prompt_ids(
        self,
        question: str,
        context: str = "",
        row: Mapping[str, str] | None = None,
        options: Options = (),
        shots: Sequence[Shot] = (),
    ) -> list[int]:
        """The prompt's token ids, with the examples ``shots`` before the question."""
        return self.batch_ids([(question, context, row, options, shots)])[0]

    def batch_ids(self, asked: Sequence[Asked]) -> list[list[int]]:
        """The token ids of a prompt for each of ``asked``; many at once take much less time."""
        rendered = []
        for question, context, row, options, shots in asked:
            marks = self._marks([question, context, *(row or {}).values(), *chain(*options)], shots)
            opened = self._opened(question, context, row, options, shots, marks)
            rendered.append((opened, marks))
        return [self._whole(ids) for ids in self._spelled.batch(rendered, special=self._special)]

    def _whole(self, ids: list[int]) -> list[int]:
        """A rendered prompt's ``ids`` with one beginning and without an end."""
        if self._end and ids[-len(self._end) :] == self._end:
            ids = ids[: -len(self._end)]
        ids = self._begun_once(ids)
        self._tell_of_an_end(ids)
        return ids

    def response_ids(
        self,
        answer: str,
        question: str,
        context: str = "",
        row: Mapping[str, str] | None = None,
        options: Options = (),
    ) -> list[int]:
        """What follows the prompt in training: the answer, then the end of the turn.

        Raises :class:`InputError` where the chat template renders a finished turn such that the
        prompt of inference is not its beginning, or the tokenizer has no end-of-sequence token.
        """
        marks = self._marks([question, context, *(row or {}).values(), *chain(*options), answer])
        if self._chat is not None:
            user = user_turn(self._prompt, question, context, row or {}, options, (), marks.hide)
            opened = self._chat.prompt(user, marks.show)
            whole = self._chat.answered(user, marks.hide(answer), marks.show)
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

    def require_embeddings(self, where: str, ids: Iterable[int], rows: int) -> None:
        """Raise :class:`InputError` for a token in ``where`` that a model with ``rows`` lacks.

        Some published tokenizers have more tokens than their model; texts seldom hold those.
        """
        unknown = sorted({number for number in ids if number >= rows})
        if unknown:
            named = few(f"{self._tokenizer.decode([each])!r} (id {each})" for each in unknown)
            raise InputError(
                f"{where}: the tokenizer makes {named} of it, and the model has embeddings for ids "
                f"up to {rows - 1} alone. Name the model's own tokenizer in the recipe "
                "(model.tokenizer), or give the model with the enlarged vocabulary."
            )

    def _marks(self, asked: Iterable[str], shots: Sequence[Shot] = ()) -> Marks:
        cells = [*asked, *shot_texts(shots)]
        # Most rows have none: one look at all of a row.
        joined = "\0".join(cells)
        if "\\" not in joined and not self._spelled.may_be_in(joined):
            return NO_MARKS
        prompt = self._prompt
        ours = [prompt.template, prompt.system or "", prompt.prefill or ""]
        if prompt.examples is not None:
            ours += [prompt.examples.template or "", prompt.examples.separator]
        return self._spelled.marks(texts(cells), ours)

    def _opened(
        self,
        question: str,
        context: str,
        row: Mapping[str, str] | None,
        options: Options,
        shots: Sequence[Shot],
        marks: Marks = NO_MARKS,
    ) -> str:
        user = user_turn(self._prompt, question, context, row or {}, options, shots, marks.hide)
        if self._chat is None:
            return user
        return self._chat.prompt(user, marks.show, example_turns(self._prompt, shots, marks.hide))

    def _begun_once(self, ids: list[int]) -> list[int]:
        """``ids`` with one beginning-of-sequence token where a template wrote another.

        White space may stand between the two, and stays.
        """
        begin = self._tokenizer.bos_token_id
        if begin is None or ids[:1] != [begin]:
            return ids
        blank = itertools.takewhile(lambda each: each == begin or self._is_blank(each), ids)
        opening = list(blank)
        if opening.count(begin) == 1:
            return ids
        added = self._special and begin in self._spelled.around[0]
        self._tell_once(
            f"Prompts would begin with {self._named([begin])} twice, by the template"
            f"{' and the tokenizer' if added else ''}; they are made with one."
        )
        kept = [each for each in opening if each != begin]
        return [begin, *kept, *ids[len(opening) :]]

    def _tell_of_an_end(self, ids: list[int]) -> None:
        """Warn of a template that ends the prompt, where the answer is to go on."""
        last = next((each for each in reversed(ids) if not self._is_blank(each)), None)
        if last is not None and last in self._ends:
            self._tell_once(
                f"Warning: prompts end with {self._named([last])}, an end token that "
                f"{'the chat template' if self._chat else 'prompt.template'} writes, so the model "
                "has nothing to go on with: "
                + (
                    "it ignores add_generation_prompt. Correct it, or set prompt.chat=false and "
                    "write the turns in prompt.template."
                    if self._chat
                    else "remove it there."
                )
            )

    def _tell_once(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._say(what)

    def _is_blank(self, token: int) -> bool:
        if token not in self._blank:
            self._blank[token] = not self._tokenizer.decode([token]).strip()
        return self._blank[token]

    def _named(self, ids: list[int]) -> str:
        return repr("".join(self._tokenizer.convert_ids_to_tokens(ids)))


def stop_tokens(tokenizer: Any, stop: list[str]) -> tuple[list[int], list[str]]:
    """``stop`` as (ids of those that are special tokens of the tokenizer, the other texts)."""
    special = special_ids(tokenizer)
    return (
        [special[text] for text in stop if text in special],
        [text for text in stop if text not in special],
    )
