"""A prompt and its answers on a terminal, and the key that a person presses."""

from __future__ import annotations

import sys

import click
from rich.panel import Panel
from rich.text import Text

from baselines.preference.person import Key, Question
from evaluators.text.cells import visible
from submission.errors import InputError
from submission.terminal.output import console

COMMANDS = {"s": Key.SKIP, "u": Key.UNDO, "q": Key.QUIT}
# The same keys while the keyboard is in Hangul mode.
HANGUL = {"ㄴ": "s", "ㅕ": "u", "ㅂ": "q"}
MARKS = "123456789" + "".join(c for c in "abcdefghijklmnopqrstuvwxyz" if c not in COMMANDS)


class Terminal:
    """Shows questions on standard error and reads single keys.

    Raises :class:`InputError` where there is no terminal.
    """

    def __init__(self) -> None:
        if not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise InputError(
                "Choosing needs a terminal. Run the command in one, or let a metric choose with "
                "--by METRIC --references FILE."
            )
        self._console = console(stderr=True)

    def ask(self, question: Question) -> int | Key:
        """Show ``question`` and wait for a key that means something."""
        marks = self._marks(question)
        self._show(question, marks)
        while True:
            # What was typed before the question could be read is not an answer to it.
            pressed = click.getchar()[:1].lower()
            pressed = HANGUL.get(pressed, pressed)
            place = marks.find(pressed) if pressed else -1
            # Nobody can be taught to answer nothing; an empty answer can only be rejected.
            if place >= 0 and question.answers[place]:
                return place
            key = COMMANDS.get(pressed)
            if key is not None and (key is not Key.UNDO or question.undoable):
                return key
            self._console.bell()

    def _marks(self, question: Question) -> str:
        if len(question.answers) > len(MARKS):
            raise InputError(
                f"A prompt has {len(question.answers)} different answers; at most {len(MARKS)} can "
                "be shown. Generate fewer samples, or let a metric choose with --by METRIC."
            )
        return MARKS[: len(question.answers)]

    def _show(self, question: Question, marks: str) -> None:
        console = self._console
        console.rule(f"{question.done + 1} of {question.total}")
        if question.context:
            console.print(Text(visible(question.context), style="dim"))
        console.print(Text(visible(question.question), style="bold"))
        for mark, answer in zip(marks, question.answers, strict=True):
            text = Text(visible(answer)) if answer else Text("(empty)", style="dim")
            console.print(Panel(text, title=mark if answer else None, title_align="left"))
        undo = ", u undoes the last" if question.undoable else ""
        console.print(f"{marks[0]}-{marks[-1]} the best answer, s skips{undo}, q quits")
