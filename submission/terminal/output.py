"""The one way out: whatever is printed goes through here.

Names come from files, and answers from models, that nobody has read: characters that could drive
a terminal are written out instead of sent.
"""

from __future__ import annotations

import json
import math
import os
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import click

from evaluators.text.cells import visible
from submission.errors import sentence

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.segment import Segment

WIDTH = 160
"""Columns where there is no terminal to ask and COLUMNS is not set."""


def tell(text: str = "", *, style: str | None = None) -> None:
    """A line of the result, on standard output; ``style`` is a colour, or ``bold`` before one."""
    _write(text, style, err=False)


def say(text: str) -> None:
    """A line about the work, on standard error."""
    _write(text, None, err=True)


def error(text: object) -> None:
    """What went wrong, on standard error."""
    say(sentence(f"Error: {text}"))


def warn(text: object) -> None:
    """What is to be looked at although nothing went wrong, on standard error."""
    say(sentence(f"Warning: {text}"))


def note(text: object) -> None:
    """What is good to know, on standard error."""
    say(sentence(f"Note: {text}"))


def print_json(data: object) -> None:
    """One JSON document on standard output; a number that there is not is null."""
    text = json.dumps(_standard(data), ensure_ascii=False, indent=2, allow_nan=False)
    click.echo(text if visible(text) == text else "".join(map(_escaped, text)))


def show(renderable: RenderableType, *, soft_wrap: bool = False) -> None:
    """A rich table or text, on standard output."""
    console().print(_Visible(renderable), soft_wrap=soft_wrap)


def console(*, stderr: bool = False) -> Console:
    """A console as wide as the terminal, which takes nothing in a text for markup."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    known = stream.isatty() or "COLUMNS" in os.environ
    return Console(
        stderr=stderr,
        width=None if known else WIDTH,
        markup=False,
        highlight=False,
        emoji=False,
    )


def in_colour() -> bool:
    """Whether standard output is a terminal that shows colours."""
    return sys.stdout.isatty() and not console().no_color


class _Visible:
    """A renderable whose text is made visible when it is laid out, whoever wrote it."""

    def __init__(self, renderable: RenderableType) -> None:
        self._renderable = renderable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        from rich.segment import Segment

        for segment in console.render(self._renderable, options):
            yield segment if segment.control else Segment(visible(segment.text), segment.style)


def _write(text: str, style: str | None, *, err: bool) -> None:
    shown = visible(text)
    if style is not None:
        shown = click.style(shown, fg=style.removeprefix("bold "), bold=style.startswith("bold "))
    click.echo(shown, err=err)


def _standard(data: object) -> object:
    """The same without NaN and infinity, which JSON has no words for."""
    if isinstance(data, float):
        return data if math.isfinite(data) else None
    if isinstance(data, Mapping):
        return {key: _standard(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_standard(value) for value in data]
    return data


def _escaped(character: str) -> str:
    """Written as JSON escapes it, where it could drive a terminal; it reads as it was."""
    return character if visible(character) == character else json.dumps(character)[1:-1]
