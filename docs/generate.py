"""Write the pages of commands and competitions; ``--check`` only lists those out of date.

A command's page has an introduction, written by hand between two marks and not changed, and a help
text made from the command itself, which is the same on every machine and terminal. A competition's
page is made from its folder.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import click

from submission.cli import cli
from submission.commands.views.competition_page import competition_pages
from submission.competitions import find_competition, shipped_competitions

PAGES = Path(__file__).parent / "commands"
COMPETITIONS = Path(__file__).parent / "competitions"
WIDTH = 80
OPEN, CLOSE = "<!-- introduction: written by hand -->", "<!-- /introduction -->"
INTRODUCTION = re.compile(f"{re.escape(OPEN)}\n(.*?){re.escape(CLOSE)}", re.DOTALL)
INDEX = "index.md"


def page_of(name: str) -> str:
    """The file of a command's page; that of ``index`` leaves the folder its own."""
    return f"{name}-command.md" if f"{name}.md" == INDEX else f"{name}.md"


@dataclass(frozen=True)
class Pages:
    """The current pages by file name, and why others cannot be made."""

    texts: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


def root_context() -> click.Context:
    """The context that every command runs under."""
    return click.Context(cli, info_name="leaderkit", **cli.context_settings)


def build(folder: Path) -> Pages:
    """Every command's page of ``folder``, made from the commands and the existing introductions."""
    pages = Pages()
    root = root_context()
    lines = {}
    for name in cli.list_commands(root):
        path = folder / page_of(name)
        shown = os.path.relpath(path)
        introduction = _introduction(path)
        if introduction is None:
            pages.problems.append(
                f"{shown}: has no introduction. Write some sentences and an example between "
                f"'{OPEN}' and '{CLOSE}'"
            )
            continue
        try:
            command = cli.get_command(root, name)
        except (ImportError, AttributeError, TypeError) as error:
            pages.problems.append(f"{shown}: the command cannot be imported: {error}")
            continue
        if command is None:
            raise AssertionError(name)
        context = click.Context(command, info_name=name, parent=root)
        pages.texts[path.name] = _page(name, introduction, context)
        lines[name] = command.get_short_help_str(limit=200)
    pages.texts[INDEX] = _index(lines)
    return pages


def stale(
    folder: Path, texts: Mapping[str, str], known: Collection[str], of: str = "command"
) -> list[str]:
    """The pages of ``folder`` that are missing, out of date, or not among the ``known``."""
    found = []
    for name, text in texts.items():
        path = folder / name
        if not path.is_file():
            found.append(f"{os.path.relpath(path)}: is missing")
        elif path.read_text("utf-8") != text:
            found.append(f"{os.path.relpath(path)}: is out of date")
    strangers = sorted(path for path in folder.glob("*.md") if path.name not in known)
    return [*found, *(f"{os.path.relpath(path)}: belongs to no {of}" for path in strangers)]


def _introduction(path: Path) -> str | None:
    if not path.is_file():
        return None
    match = INTRODUCTION.search(path.read_text("utf-8"))
    return match[1].strip() if match and match[1].strip() else None


def _page(name: str, introduction: str, context: click.Context) -> str:
    contexts = [context, *_commands_within(context)]
    helps = "\n\n".join(f"```text\n{help_text(each)}\n```" for each in contexts)
    variables = "\n".join(
        f"| `{option}` | `{names}` |" for each in contexts for option, names in _variables(each)
    )
    return f"""# leaderkit {name}

{OPEN}
{introduction}
{CLOSE}

## Help

{helps}

## Environment variables

| Option | Variable |
|---|---|
{variables}
"""


def _commands_within(context: click.Context) -> Iterator[click.Context]:
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None:
            yield click.Context(command, info_name=name, parent=context)


def help_text(context: click.Context) -> str:
    """The help of a command in plain text: click's own layout, not the terminal's."""
    formatter = click.HelpFormatter(width=WIDTH)
    command = context.command
    for part in (
        click.Command.format_usage,
        click.Command.format_help_text,
        click.Command.format_options,
        click.Command.format_epilog,
    ):
        part(command, context, formatter)
    return "\n".join(line.rstrip() for line in formatter.getvalue().strip().splitlines())


def _variables(context: click.Context) -> Iterator[tuple[str, str]]:
    for parameter in context.command.params:
        if not isinstance(parameter, click.Option) or parameter.name is None:
            continue
        named = parameter.envvar or ()
        own = f"{context.auto_envvar_prefix}_{parameter.name.upper()}"
        names = [*([named] if isinstance(named, str) else named), own]
        yield max(parameter.opts, key=len), "`, `".join(names)


def _index(lines: Mapping[str, str]) -> str:
    rows = "\n".join(f"| [{name}]({page_of(name)}) | {text} |" for name, text in lines.items())
    return f"""# Commands

The commands in the order in which you use them. `leaderkit COMMAND --help` shows the same help.
Every option is also an environment variable, which the command's page lists.

| Command | |
|---|---|
{rows}

Exit codes: 0 done, 1 a check failed, 2 bad input or usage, 3 stopped with partial results kept,
130 interrupted. With `--json`, standard output is one JSON document and everything else goes to
standard error.
"""


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")


def main(
    arguments: list[str] | None = None,
    folder: Path = PAGES,
    competitions: Path = COMPETITIONS,
) -> int:
    """Write the pages, or check them; 1 if one is out of date or cannot be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only list outdated pages")
    check = parser.parse_args(arguments).check
    pages = build(folder)
    described = competition_pages(map(find_competition, shipped_competitions()))
    if not check:
        _write(folder, pages.texts)
        _write(competitions, described)
    commands = {page_of(name) for name in cli.list_commands(root_context())} | {INDEX}
    problems = [
        *pages.problems,
        *stale(folder, pages.texts, commands),
        *stale(competitions, described, described, of="competition"),
    ]
    for problem in problems:
        sys.stderr.write(f"{problem}\n")
    if check and problems:
        sys.stderr.write("Write the pages again: make docs\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
