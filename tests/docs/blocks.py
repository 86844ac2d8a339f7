"""The code blocks of the pages, and what is wrong with them."""

from __future__ import annotations

import ast
import importlib.util
import itertools
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from submission.cli import cli

ROOT = Path(__file__).resolve().parents[2]
# docs/ko.md is a link to README.ko.md.
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/**/*.md", "data_sample/*.md", ".github/*.md")
    for path in ROOT.glob(pattern)
    if not path.is_symlink()
)
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KEPT_OUTPUT = re.compile(r"[A-Z0-9]+=\$\((.*)\)")


@dataclass(frozen=True)
class Block:
    """A code block, and the line of the page on which its content starts."""

    language: str
    start: int
    text: str


def blocks(page: str) -> list[Block]:
    """Every code block of a page."""
    return [
        Block(found[1], page.count("\n", 0, found.start(2)) + 1, found[2])
        for found in BLOCK.finditer(page)
    ]


def texts(page: str, language: str) -> list[str]:
    """The code blocks of a page in one language."""
    return [block.text for block in blocks(page) if block.language == language]


def write_example_competition(folder: Path) -> None:
    """The folder that docs/competitions.md shows the files of."""
    page = (ROOT / "docs/competitions.md").read_text("utf-8")
    folder.mkdir()
    files = {"competition.toml": "toml", "leaderboard.csv": "csv", "cases.json": "json"}
    for name, language in files.items():
        (folder / name).write_text(texts(page, language)[0], "utf-8")


def shell_lines(block: Block) -> Iterator[tuple[int, list[str]]]:
    """The line and the words of every command; continued lines are one, pipes part commands."""
    number = block.start
    for line in re.split(r"(?<!\\)\n", block.text):
        lexer = shlex.shlex(line.replace("\\\n", " "), posix=True, punctuation_chars="|>")
        lexer.whitespace_split = True
        words = list(lexer)
        if words[-2:-1] == [">"]:
            del words[-2:]
        for piped, command in itertools.groupby(words, key="|".__eq__):
            if not piped:
                yield number, list(command)
        number += line.count("\n") + 1


def leaderkit_commands(page: str) -> list[list[str]]:
    """The words of every leaderkit command of a page."""
    return [
        words
        for block in blocks(page)
        if block.language == "sh"
        for _, words in shell_lines(block)
        if words[0] == "leaderkit"
    ]


def problems(page: str) -> list[str]:
    """What is wrong with the code blocks of a page, each with its line."""
    found = []
    for block in blocks(page):
        if block.language == "sh":
            found += [
                f"line {number}: {problem}"
                for number, words in shell_lines(block)
                if (problem := _shell_problem(words))
            ]
        elif block.language not in READERS:
            found.append(f"line {block.start}: a block in {block.language or 'no language'}")
        elif problem := _problem_of(READERS[block.language], block.text):
            found.append(f"line {block.start}: {problem}")
    if page.count("```") != 2 * len(blocks(page)):
        found.append("a block that does not start and end at the beginning of a line")
    return found


def _problem_of(read: Callable[[str], object], text: str) -> str:
    try:
        read(text)
    except (SyntaxError, ValueError) as error:
        return str(error)
    return ""


READERS: dict[str, Callable[[str], object]] = {
    "csv": str,
    "json": json.loads,
    "py": ast.parse,
    "python": ast.parse,
    "text": str,
    "toml": tomllib.loads,
}


def _shell_problem(words: list[str]) -> str:
    if kept := KEPT_OUTPUT.fullmatch(" ".join(words)):
        words = kept[1].split()
    program, *arguments = words
    if program in {"leaderkit", ".venv/bin/leaderkit"}:
        return _leaderkit_problem(arguments)
    if program == "make":
        unknown = set(arguments) - TARGETS
        return f"make has no {', '.join(sorted(unknown))}" if unknown else ""
    if program == "python" and arguments[0] == "-m":
        return "" if importlib.util.find_spec(arguments[1]) else f"no module {arguments[1]}"
    if program == "python" and arguments[0] == "-c":
        return _problem_of(ast.parse, arguments[1])
    return f"{program!r} is no command that a page may name"


def _leaderkit_problem(arguments: list[str]) -> str:
    root = click.Context(cli, info_name="leaderkit", **cli.context_settings)
    command = cli.get_command(root, arguments[0])
    if command is None:
        return f"leaderkit has no {arguments[0]}"
    return _command_problem(command, arguments, root)


def _command_problem(command: click.Command, arguments: list[str], parent: click.Context) -> str:
    context = click.Context(command, info_name=arguments[0], parent=parent)
    try:
        values, rest, _ = command.make_parser(context).parse_args(arguments[1:])
    except click.UsageError as error:
        return error.format_message()
    if isinstance(command, click.Group) and rest:
        within = command.get_command(context, rest[0])
        return f"no {rest[0]}" if within is None else _command_problem(within, rest, context)
    if rest == ["…"]:  # the other options and arguments are left out
        return ""
    missing = [each.name for each in command.params if each.required and not values.get(each.name)]
    if missing or rest:
        return f"leaderkit {arguments[0]}: missing {missing}, left over {rest}"
    return ""
