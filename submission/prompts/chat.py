"""A tokenizer's chat template: a program by whoever published the model, with its errors in words.

A template may ignore what it does not expect: one that wants a message's content in parts renders
a text as nothing, and every question becomes the same prompt. So what it renders is looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any

from evaluators.text.cells import shortened
from submission.errors import InputError, nearest
from submission.prompts.template import quick
from submission.recipes.schema import Prompt
from submission.recipes.thinking import KNOWN_TAGS

Turns = Sequence[tuple[str, str]]
"""Questions and their answers that come before the question, after the system text."""

# A chat to try the template with; neither case nor any other change of letters touches it.
_SYSTEM, _USER, _ANSWER = "지시 2846", "질문 7391", "대답 5173"
_LONGEST_SHOWN = 200
# What a chat itself gives to a template.
_NOT_TO_SET = {"messages", "add_generation_prompt", "raise_exception", "strftime_now"}
_PRINTED_PART = re.compile(r"""['"]type['"]: ?['"]text['"]""")


def local_day() -> date:
    """Today, where this machine is."""
    return datetime.now().astimezone().date()


class _Unusable(Exception):  # noqa: N818 -- a finding, made a message by whoever asked
    """What is wrong with a rendering."""


class ChatTemplate:
    """Renders one question, with its system text and its answer, as the template has it.

    The template is the prompt's own, else the tokenizer's. Whether it takes a message's content as
    a text or as a list of parts is tried once. ``date`` is the day it is told when it asks for
    today's; None where it does not ask. A date that the recipe fixed is also given to templates
    that only take a ``date_string``.

    Raises :class:`InputError` for a template that fails, loses the system text or the question, or
    reads none of the variables that ``prompt`` gives it.
    """

    def __init__(self, tokenizer: Any, prompt: Prompt, *, today: date) -> None:
        self._tokenizer = tokenizer
        self._system = prompt.system
        self._fold = prompt.fold_system
        self._prefill = prompt.prefill or ""
        source = prompt.chat_template or template_source(tokenizer)
        self._own = "" if prompt.chat_template is None else "prompt.chat_template"
        asks = "strftime_now" in source
        self.date = (prompt.date or today) if asks else None
        self._values: dict[str, Any] = {"chat_template": prompt.chat_template}
        if self.date is not None:
            self._values["strftime_now"] = datetime.combine(self.date, time()).strftime
        elif prompt.date is not None and "date_string" in source:
            self._values["date_string"] = prompt.date.strftime("%d %b %Y")
        self._require_read(prompt.chat_template_kwargs, source)
        self._values |= prompt.chat_template_kwargs
        self._parts = self._takes_parts()
        from transformers.utils.chat_template_utils import _compile_jinja_template

        # transformers keeps what it compiles: this is what it renders with.
        quick(_compile_jinja_template(source))
        self._keeps_answers = False
        self._refuse_prefilled_thinking()

    def prompt(self, user: str, show: Callable[[str], str] = str, turns: Turns = ()) -> str:
        """The question's turn after ``turns``, up to where the answer begins.

        ``show`` makes of a message's text what a person wrote. Raises :class:`InputError` where it
        fails, or lacks the system text, one of ``turns`` or ``user``.
        """
        try:
            opened = self._prompt(user, self._system, turns, parts=self._parts)
        except _Unusable as problem:
            asked = shortened(show(user), _LONGEST_SHOWN)
            raise self._refusal(show(f"{problem} (asked {asked!r})")) from None
        return f"{opened}{self._prefill}"

    def answered(
        self, user: str, answer: str, show: Callable[[str], str] = str, turns: Turns = ()
    ) -> str:
        """The question's turn and the answer's, to its end; the rest as for :meth:`prompt`.

        Raises :class:`InputError` where it fails, or where answers are no part of it.
        """
        try:
            if not self._keeps_answers:
                self._require_answers()
            whole = f"{self._prefill}{answer}"
            return self._render(user, self._system, whole, turns, parts=self._parts)
        except _Unusable as problem:
            raise self._refusal(show(str(problem))) from None

    def _require_answers(self) -> None:
        # Of a single answer a template may drop a part, such as the reasoning before it.
        rendered = self._render(_USER, self._system, _ANSWER, parts=self._parts)
        if _visible(_ANSWER) not in _visible(rendered):
            raise _Unusable("what it renders does not contain the answer")
        self._keeps_answers = True

    def _takes_parts(self) -> bool:
        problems = []
        for parts in (False, True):
            try:
                rendered = self._prompt(_USER, self._system and _SYSTEM, parts=parts)
                _refuse_printed_list(rendered)
            except _Unusable as problem:
                problems.append(str(problem))
            else:
                return parts
        if self._system is not None and not self._fold and self._works_without_system():
            raise self._refusal(
                problems[0],
                "Set prompt.fold_system=true, which begins the first user turn with "
                "prompt.system, or prompt.chat=false.",
            )
        raise self._refusal(problems[0])

    def _works_without_system(self) -> bool:
        for parts in (False, True):
            try:
                self._prompt(_USER, None, parts=parts)
            except _Unusable:
                continue
            return True
        return False

    def _prompt(self, user: str, system: str | None, turns: Turns = (), *, parts: bool) -> str:
        rendered = self._render(user, system, None, turns, parts=parts)
        expected = [("the system text", system or ""), ("the question", user)]
        expected += [("an example", text) for turn in turns for text in turn]
        for what, text in expected:
            # What stands there as it is needs no second look.
            if text not in rendered and _visible(text) not in _visible(rendered):
                raise _Unusable(f"what it renders does not contain {what}")
        return rendered

    def _render(
        self,
        user: str,
        system: str | None,
        answer: str | None,
        turns: Turns = (),
        *,
        parts: bool,
    ) -> str:
        exchanges = [*turns, (user, answer)]
        if self._fold and system is not None:
            asked, answered = exchanges[0]
            exchanges[0] = (f"{system}\n\n{asked}", answered)
            system = None
        said = [("system", system)]
        for asked, answered in exchanges:
            said += [("user", asked), ("assistant", answered)]
        messages = [
            {"role": role, "content": [{"type": "text", "text": text}] if parts else text}
            for role, text in said
            if text is not None
        ]
        try:
            rendered = self._tokenizer.apply_chat_template(
                messages, tokenize=False, add_generation_prompt=answer is None, **self._values
            )
        except Exception as error:  # noqa: BLE001 -- someone's program may raise anything
            raise _Unusable(f"it stops with {_said(error)}") from None
        return str(rendered)

    def _require_read(self, given: Mapping[str, Any], source: str) -> None:
        """Refuse variables that the template does not read, and those that are not the recipe's."""
        if not given:
            return
        from jinja2 import TemplateError
        from transformers.utils.chat_template_utils import _get_template_variables

        try:
            read = sorted(_get_template_variables(source) - _NOT_TO_SET)
        except TemplateError as error:
            raise self._refusal(f"it stops with {_said(error)}") from None
        for name in given:
            if name not in read:
                raise InputError(
                    f"prompt.chat_template_kwargs.{name}: {self._name}: its chat template does not "
                    f"read '{name}'; it reads {nearest(read, name) if read else 'no variables'}."
                )

    def _refuse_prefilled_thinking(self) -> None:
        """A template may begin the model's thinking, which no answer is to begin with."""
        if not self._prefill:
            return
        opened = self._prompt(_USER, self._system and _SYSTEM, parts=self._parts).rstrip()
        for tags in KNOWN_TAGS:
            if opened.endswith(tags.open.rstrip()) and tags.close not in self._prefill:
                raise InputError(
                    f"prompt.prefill: {self._name}: its chat template begins the model's thinking "
                    f"with {tags.open!r}, so the prefill would be a part of that. Turn thinking "
                    "off (prompt.chat_template_kwargs, often enable_thinking=false), or remove "
                    "prompt.prefill."
                )

    @property
    def _name(self) -> str:
        name = getattr(self._tokenizer, "name_or_path", "") or "this tokenizer"
        return self._own or str(name)

    def _refusal(self, problem: str, remedy: str = "") -> InputError:
        remedy = remedy or (
            "Set prompt.chat=false and write the turns in prompt.template, or correct the template "
            "(chat_template.jinja beside the tokenizer)."
        )
        return InputError(f"{self._name}: its chat template cannot be used: {problem}. {remedy}")


def _refuse_printed_list(rendered: str) -> None:
    """A template that was given a list of parts for a text may write the list itself."""
    if _PRINTED_PART.search(rendered):
        raise _Unusable("it prints the list of a message's parts instead of their text")


def template_source(tokenizer: Any) -> str:
    """The text of a tokenizer's chat template, if it has one; of several, that of the default."""
    template = tokenizer.chat_template
    return str((template.get("default") if isinstance(template, dict) else template) or "")


def _visible(text: str) -> str:
    """``text`` without white space: templates trim it."""
    return "".join(text.split())


def _said(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".") or type(error).__name__
    line = getattr(error, "lineno", None)
    place = f" in line {line}" if line else ""
    return f"{shortened(text, _LONGEST_SHOWN)!r}{place}"
