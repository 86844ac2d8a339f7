"""A question in a recipe's words, with the examples before it: what every engine sends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from submission.prompts.template import free_names, render
from submission.prompts.values import Change
from submission.recipes.schema import Prompt

Options = Sequence[tuple[str, str]]
"""Each option of a question behind its label."""


class Shot(NamedTuple):
    """An example that a prompt shows before its question: another question, and its answer."""

    question: str
    answer: str
    context: str
    row: Mapping[str, str]
    options: tuple[tuple[str, str], ...] = ()


def as_turns(prompt: Prompt) -> bool:
    """Whether the examples are turns of the chat, and no part of the question's own turn."""
    examples = prompt.examples
    return examples is not None and (
        examples.form == "turns" or (examples.form == "auto" and prompt.chat)
    )


def user_turn(
    prompt: Prompt,
    question: str,
    context: str,
    row: Mapping[str, str],
    options: Options,
    shots: Sequence[Shot],
    change: Change = str,
) -> str:
    """The question by the recipe's template, behind the ``shots`` where these are text.

    Raises :class:`InputError` as :func:`submission.prompts.template.render`.
    """
    told = "" if as_turns(prompt) else "".join(_texts(prompt, shots, change))
    user = _rendered(prompt.template, question, context, row, options, change, examples=told)
    return user if not told or "examples" in free_names(prompt.template) else told + user


def example_turns(
    prompt: Prompt, shots: Sequence[Shot], change: Change = str
) -> list[tuple[str, str]]:
    """Each of the ``shots`` as a user's turn and its answer; none where they are text.

    Answers begin as the prompt has the model's own begin.
    """
    if not as_turns(prompt):
        return []
    return [
        (
            _rendered(prompt.template, shot.question, shot.context, shot.row, shot.options, change),
            f"{prompt.prefill or ''}{change(shot.answer)}",
        )
        for shot in shots
    ]


def shot_texts(shots: Sequence[Shot]) -> Iterator[str]:
    """Every text that the ``shots`` bring into a prompt."""
    for shot in shots:
        yield from (shot.question, shot.answer, shot.context, *shot.row.values())
        for option in shot.options:
            yield from option


def _texts(prompt: Prompt, shots: Sequence[Shot], change: Change) -> Iterator[str]:
    if prompt.examples is None:
        return
    template = prompt.examples.template
    if template is None:
        space = "" if prompt.template[-1:].isspace() else " "
        template = f"{prompt.template}{space}{{{{ answer }}}}"
    for shot in shots:
        told = _rendered(
            template, shot.question, shot.context, shot.row, shot.options, change,
            answer=shot.answer,
        )  # fmt: skip
        yield told + prompt.examples.separator


def _rendered(
    template: str,
    question: str,
    context: str,
    row: Mapping[str, str],
    options: Options,
    change: Change,
    **more: str,
) -> str:
    values = {"examples": "", "question": question, "context": context, **more}
    labels = [label for label, _ in options]
    return render(template, row, change, options=options, labels=labels, **values)
