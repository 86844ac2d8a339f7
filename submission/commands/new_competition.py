"""``leaderkit competitions new``."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import rich_click as click

from submission.commands import options
from submission.terminal.output import say, tell, warn

if TYPE_CHECKING:
    from submission.competitions.new import Asked


@click.command(name="new")
@click.argument("folder", type=options.PLACE)
@click.option("--test", type=options.FILE, required=True, help="The organizer's test file.")
@click.option(
    "--sample", type=options.FILE, required=True, help="The organizer's sample submission."
)
@click.option("--train", type=options.FILE, help="The organizer's training file, if there is one.")
@click.option("--name", help="The competition's name. [default: the folder's]")
@click.option("--title", help="The competition's title. [default: its name]")
@click.option("--id", "row_id", metavar="COLUMN", help="The sample submission's id column.")
@click.option("--answer", multiple=True, metavar="COLUMN", help="A column to fill in. Repeatable.")
@click.option(
    "--gold", multiple=True, metavar="COLUMN", help="An answer column of --train. Repeatable."
)
@click.option(
    "--question", multiple=True, metavar="COLUMN",
    help="A column of --test that the question is made of. Repeatable.",
)  # fmt: skip
@click.option("--metric", metavar="SPEC", help="The metric, as leaderkit metrics lists them.")
@click.option("--encoder", metavar="NAME", help="The organizer's sentence encoder, if it has one.")
@click.option("--kind", type=click.Choice(["label", "number"]),
              help="What grades, which are whole numbers, are in the submission.")  # fmt: skip
@click.option("--yes", is_flag=True, help="Ask nothing: take what the files suggest.")
def new(
    folder: Path,
    test: Path,
    sample: Path,
    train: Path | None,
    name: str | None,
    title: str | None,
    row_id: str | None,
    answer: Sequence[str],
    gold: Sequence[str],
    question: Sequence[str],
    metric: str | None,
    encoder: str | None,
    kind: str | None,
    yes: bool,
) -> None:
    """Write a competition's folder from its files, and check it.

    What the files do not show is asked for in the terminal, each question with a guess, or given by
    options; --yes takes the guesses. Comments in competition.toml say what was read and what was
    guessed. The folder must be new or empty.
    """
    from submission.check.competition import check_folder
    from submission.commands.views.reports import print_cases
    from submission.competitions.new import make_draft, read_files, write_folder
    from submission.files.atomic import refuse_occupied

    refuse_occupied(folder)
    single = {
        "--name": name, "--title": title, "--id": row_id, "--metric": metric, "--encoder": encoder,
        "--kind": kind,
    }  # fmt: skip
    given: dict[str, tuple[str, ...]] = {
        option: (text,) for option, text in single.items() if text is not None
    }
    several = {"--answer": answer, "--gold": gold, "--question": question}
    given |= {option: tuple(texts) for option, texts in several.items() if texts}
    asking = _Asking(given, terminal=not yes and sys.stdin.isatty(), guess=yes)
    draft = make_draft(read_files(test, sample, train), folder.resolve().name, asking)
    asking.require_nothing_open()
    asking.require_all_used()
    write_folder(draft, folder)
    for note in draft.notes:
        warn(note)
    tell(f"Wrote {folder}.")
    tell(f"Score: {draft.score['name']}. Likely metrics:")
    for each in draft.candidates:
        tell(f"  {each.metric}: {each.reason}")
    print_cases(check_folder(folder))


@dataclass
class _Asking:
    """Answers from the options, else from the terminal, else the guess.

    Without a terminal and without leave to guess, the options that are missing are remembered.
    """

    given: Mapping[str, tuple[str, ...]]
    terminal: bool
    guess: bool
    open: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)

    def __call__(self, asked: Asked) -> tuple[str, ...]:
        self.used.add(asked.option)
        if asked.option in self.given:
            return self.given[asked.option]
        if self.terminal:
            return _prompted(asked)
        if not self.guess:
            self.open.append(asked.option)
        if not asked.guess and not asked.optional:
            self._refuse(asked)
        return asked.guess

    def require_nothing_open(self) -> None:
        """Raise :class:`InputError` that names every option that would have been asked for."""
        from submission.errors import InputError

        if self.open:
            raise InputError(
                f"There is no terminal to ask in: give {', '.join(self.open)}, "
                "or --yes to take what the files suggest."
            )

    def require_all_used(self) -> None:
        """Raise :class:`InputError` that names the options that these files ask nothing about."""
        from submission.errors import InputError, few

        if unused := [option for option in self.given if option not in self.used]:
            raise InputError(f"{few(unused)} cannot be used with these files. Leave it out.")

    def _refuse(self, asked: Asked) -> None:
        from submission.errors import InputError

        raise InputError(f"{asked.text}: the files suggest none. Give {asked.option}.")


def _prompted(asked: Asked) -> tuple[str, ...]:
    for each in asked.choices:
        say(f"  {each.metric}: {each.reason}")
    default = ", ".join(asked.guess)
    known = default if default or asked.optional else None
    text = click.prompt(asked.text, default=known, show_default=bool(default), err=True)
    if text == default:
        return asked.guess
    return tuple(part.strip() for part in text.split(",")) if asked.many else (text,)
