"""What is asked: a recipe's prompt as messages, its sampling as a request's body."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from submission.engines.base import Request
from submission.errors import InputError
from submission.prompts.user_turn import example_turns, user_turn
from submission.recipes import Recipe
from submission.recipes.openai import EXTENSIONS, OpenAI
from submission.recipes.schema import Prompt
from submission.recipes.structure import Structure
from submission.records.rows import Question

_SENT = {"template", "system", "chat", "special_tokens", "compound", "fold_system", "prefill"} | {
    "examples",
    "chat_template",
    "chat_template_kwargs",
}

Messages = list[dict[str, str]]


class Form:
    """Makes the bodies of one recipe's requests; ``path`` is where they are sent.

    ``fixed`` are the members that are the same for all and that answers depend on.

    A prompt that is a chat goes to ``/chat/completions`` as messages, which the server's own
    template makes a prompt of; any other goes to ``/completions`` as its text. Raises
    :class:`InputError` for what the server would not be told, or might ignore in silence.
    """

    def __init__(self, recipe: Recipe, settings: OpenAI, model: str, *, official: bool) -> None:
        self._prompt = recipe.prompt
        self._sampling = recipe.sampling
        self._settings = settings
        self._model = model
        self.path = "/chat/completions" if recipe.prompt.chat else "/completions"
        self._length = settings.length_parameter or (
            "max_completion_tokens" if official and recipe.prompt.chat else "max_tokens"
        )
        # Stops mean nothing within the thinking, which a server does not tell apart.
        self._thinks = recipe.thinking is not None
        self.fixed = _same_for_all(recipe) | settings.extra
        if problems := [*_unsent(recipe), *self._undeclared()]:
            raise InputError.listing(f"Recipe '{recipe.name}', engine 'openai'", problems)

    def asked(self, question: Question, text: str) -> Messages | str:
        """The prompt for ``text`` asked of ``question``: messages, or a text."""
        try:
            user = user_turn(
                self._prompt,
                text,
                question.context,
                question.row,
                question.labelled,
                question.shots,
            )
            turns = example_turns(self._prompt, question.shots)
        except InputError as error:
            raise InputError(f"Question '{question.id}': {error}") from None
        if not user.strip():
            raise InputError(
                f"Question '{question.id}': the prompt template renders to an empty text."
            )
        if not self._prompt.chat:
            return user
        system, prefill = self._prompt.system, self._prompt.prefill
        messages: Messages = []
        if system is not None and not self._prompt.fold_system:
            messages.append({"role": "system", "content": system})
        for asked, answer in [*turns, (user, None)]:
            folded = system is not None and self._prompt.fold_system and not messages
            content = f"{system}\n\n{asked}" if folded else asked
            messages.append({"role": "user", "content": content})
            if answer is not None:
                messages.append({"role": "assistant", "content": answer})
        if prefill is not None:
            messages.append({"role": "assistant", "content": prefill})
        return messages

    def key(self, question: Question, text: str) -> str:
        """:meth:`asked` as one text, equal only where that is."""
        return json.dumps(self.asked(question, text), ensure_ascii=False)

    def body(self, request: Request) -> dict[str, Any]:
        """The body of ``request``."""
        asked = self.asked(request.question, request.text)
        sampling = self._sampling
        body: dict[str, Any] = {
            "model": self._model,
            "messages" if self._prompt.chat else "prompt": asked,
            self._length: sampling.max_tokens,
            "temperature": 0.0 if sampling.greedy else sampling.temperature,
        }
        if not sampling.greedy:
            body |= {"top_p": sampling.top_p, "seed": request.seed % 2**31}
        if sampling.stop and not self._thinks:
            body["stop"] = list(sampling.stop)
        return body | self.fixed

    def _undeclared(self) -> Iterator[str]:
        """What the recipe asks for that only some servers take, and this one is not said to."""
        for name in sorted(EXTENSIONS & self.fixed.keys() - {*self._settings.extensions}):
            yield (
                f"{_ASKED[name]}: {name} is no parameter of OpenAI's API, and a server may "
                f'ignore it in silence. If yours takes it, as vLLM does, add "{name}" to '
                "engine.openai.extensions"
            )


_ASKED = {
    "add_special_tokens": "prompt.special_tokens",
    "chat_template": "prompt.chat_template",
    "chat_template_kwargs": "prompt.chat_template_kwargs",
    "continue_final_message": "prompt.prefill",
    "repetition_penalty": "sampling.repetition_penalty (retry.repetition_penalty for retries)",
    "structured_outputs": "sampling.structure",
    "thinking_token_budget": "thinking.budget",
    "top_k": "sampling.top_k",
}


def _same_for_all(recipe: Recipe) -> dict[str, Any]:
    """The members of every body that only recipes with a use for them have."""
    prompt, sampling = recipe.prompt, recipe.sampling
    body = _structured(sampling.structure, chat=prompt.chat)
    if sampling.top_k and not sampling.greedy:
        body["top_k"] = sampling.top_k
    if sampling.repetition_penalty != 1.0:
        body["repetition_penalty"] = sampling.repetition_penalty
    if not prompt.chat and not prompt.special_tokens:
        body["add_special_tokens"] = False
    if prompt.prefill is not None:
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    for name in ("chat_template", "chat_template_kwargs"):
        if given := getattr(prompt, name):
            body[name] = given
    if recipe.thinking is not None and recipe.thinking.budget is not None:
        body["thinking_token_budget"] = recipe.thinking.budget
    return body


def _structured(structure: Structure | None, *, chat: bool) -> dict[str, Any]:
    """The structure of completions: OpenAI's own parameter where it has one for it."""
    if structure is None:
        return {}
    if structure.json_schema is None:
        return {"structured_outputs": structure.model_dump()}
    schema = json.loads(structure.json_schema)
    if not chat:
        return {"structured_outputs": {"json": schema}}
    named = {"name": "answer", "strict": True, "schema": schema}
    return {"response_format": {"type": "json_schema", "json_schema": named}}


def _unsent(recipe: Recipe) -> Iterator[str]:
    """What needs the model's own tokenizer, which only the server has."""
    for name, field in Prompt.model_fields.items():
        if name not in _SENT and getattr(recipe.prompt, name) != field.get_default():
            yield f"prompt.{name} is for engines that have the model's tokenizer: remove it"
    if recipe.thinking is not None and recipe.thinking.parser is not None:
        yield (
            "thinking.parser names a parser of vLLM's; start the server with it, and remove the key"
        )
