"""Every command has a page, the pages are current, and the generator says what is wrong."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from submission import cli
from submission.commands import COMMANDS, CommandEntry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"

specification = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
assert specification is not None
generate = importlib.util.module_from_spec(specification)
sys.modules["docs_generate"] = generate
specification.loader.exec_module(generate)

NAMES = cli.cli.list_commands(generate.root_context())


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    shutil.copytree(DOCS / "commands", tmp_path / "commands")
    return tmp_path / "commands"


def test_every_page_is_current() -> None:
    done = subprocess.run(
        [sys.executable, "docs/generate.py", "--check"],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "COLUMNS": "200", "FORCE_COLOR": "1", "TERM": "xterm-256color"},
    )  # fmt: skip

    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_page_with_an_introduction_and_an_example(name: str) -> None:
    text = (DOCS / "commands" / generate.page_of(name)).read_text("utf-8")
    introduction = generate.INTRODUCTION.search(text)[1]

    assert f"leaderkit {name}" in introduction.split("```sh")[1]
    assert "\x1b" not in text
    assert all(len(line) <= 80 for line in text.split("```text")[1].splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_every_example_uses_options_that_exist(name: str) -> None:
    text = (DOCS / "commands" / generate.page_of(name)).read_text("utf-8")
    shell = generate.INTRODUCTION.search(text)[1].split("```sh")[1].split("```")[0]
    for line in shell.replace("\\\n", " ").splitlines():
        words = line.split("|")[0].split()
        if words[:1] != ["leaderkit"]:
            continue
        command = cli.cli.get_command(generate.root_context(), words[1])
        if isinstance(command, click.Group):
            named = " ".join(words[2:3])
            command = command.get_command(generate.root_context(), named) or command
        known = {option for each in command.params for option in each.opts}
        assert {word for word in words if re.match(r"--?[a-z]", word)} <= known


def test_a_missing_page_is_said(pages: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (pages / "show.md").unlink()

    assert generate.main(["--check"], pages) == 1
    assert "show.md: has no introduction" in capsys.readouterr().err
    assert generate.main([], pages) == 1  # nothing is made up


def test_a_stale_page_is_reported_and_rewritten(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = pages / "runs.md"
    right = page.read_text("utf-8")
    page.write_text(right.replace("Options:", "Opshuns:"), "utf-8")

    assert generate.main(["--check"], pages) == 1
    error = capsys.readouterr().err
    assert "runs.md: is out of date" in error
    assert "make docs" in error
    assert generate.main([], pages) == 0
    assert page.read_text("utf-8") == right


def test_a_page_that_belongs_to_no_command_is_said(
    pages: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pages / "forgotten.md").write_text("# leaderkit forgotten\n")

    assert generate.main(["--check"], pages) == 1
    assert "forgotten.md: belongs to no command" in capsys.readouterr().err


def test_an_introduction_is_kept(pages: Path) -> None:
    page = pages / "runs.md"
    changed = page.read_text("utf-8").replace("with the number of", "and the number of")
    page.write_text(changed, "utf-8")

    generate.main([], pages)
    assert page.read_text("utf-8") == changed


def test_a_command_that_cannot_be_imported_is_said(
    pages: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = CommandEntry("submission.commands.absent:command", "Absent.", 99)
    monkeypatch.setattr(cli, "COMMANDS", {**COMMANDS, "absent": broken})
    shutil.copy(pages / "runs.md", pages / "absent.md")

    assert generate.main(["--check"], pages) == 1
    assert "absent.md: the command cannot be imported" in capsys.readouterr().err


def test_the_help_is_the_same_whatever_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    root = generate.root_context()
    command = cli.cli.get_command(root, "generate")
    assert command is not None
    context = click.Context(command, info_name="generate", parent=root)
    before = generate.help_text(context)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert generate.help_text(context) == before


def test_a_competitions_page_follows_its_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(DOCS / "competitions", tmp_path / "competitions")
    page = tmp_path / "competitions" / "klue-mrc.md"
    page.write_text(page.read_text("utf-8").replace("skipped", "wrong"), "utf-8")
    (tmp_path / "competitions" / "korquad1.md").unlink()
    (tmp_path / "competitions" / "forgotten.md").write_text("# forgotten\n")

    assert generate.main(["--check"], competitions=tmp_path / "competitions") == 1
    error = capsys.readouterr().err
    assert "klue-mrc.md: is out of date" in error
    assert "korquad1.md: is missing" in error
    assert "forgotten.md: belongs to no competition" in error


def test_a_competitions_page_has_every_quirk_with_its_case() -> None:
    text = (DOCS / "competitions" / "nikl-2025-culture.md").read_text("utf-8")

    assert '| `"3\\n"` | `"3"` | 0 |' in text
    assert "| the scorer stops |" in text
    assert '| `"\\u1107\\u1161\\u1103\\u1161"` | `"바다"` | 0 |' in text
    assert "| Qwen3-8B baseline | 48.06 |" in text
