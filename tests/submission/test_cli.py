"""What holds for every command: speed of the start, help, environment variables, errors."""

import json
import os
import re
import subprocess
import sys
import time

import click
import pytest

from submission.cli import cli, run

ROOT = click.Context(cli, info_name="leaderkit", **cli.context_settings)
NAMES = cli.list_commands(ROOT)
HEAVY = ("torch", "pandas", "transformers", "numpy", "pydantic", "rich", "rich_click", "sqlite3")


def options(name: str) -> list[click.Option]:
    command = cli.get_command(ROOT, name)
    return [each for each in command.params if isinstance(each, click.Option)]


def python(code: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    ).stdout


def test_the_commands_of_the_contract_are_there() -> None:
    assert set(NAMES) >= {
        "demo", "doctor", "competitions", "recipes", "holdout", "train", "merge", "generate",
        "score", "submit", "check", "compare", "run", "runs", "show", "export",
    }  # fmt: skip


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["nonsense"]])
def test_the_group_imports_nothing_heavy(arguments: list[str]) -> None:
    loaded = python(
        "import io, json, sys\n"
        "from submission.cli import run\n"
        "real, sys.stdout, sys.stderr = sys.stdout, io.StringIO(), io.StringIO()\n"
        f"run({arguments!r})\n"
        "print(json.dumps(sorted(sys.modules)), file=real)"
    )

    assert not set(json.loads(loaded)) & set(HEAVY)


def test_help_starts_about_as_fast_as_click_itself() -> None:
    floor = [sys.executable, "-c", "import click"]
    help_ = [sys.executable, "-m", "submission.cli", "--help"]
    times: dict[str, list[float]] = {"floor": [], "help": []}
    # In turns, so that a busy moment of the machine falls on both.
    for _ in range(7):
        for name, command in (("floor", floor), ("help", help_)):
            started = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True)
            times[name].append(time.perf_counter() - started)

    assert min(times["help"]) <= 4 * min(times["floor"])


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0

    out = capsys.readouterr().out
    # On one line each, in the order of the work.
    assert (
        re.findall(r"^  ([a-z]+)  +\S.*\.$", out.partition("Commands:")[2], re.MULTILINE) == NAMES
    )


@pytest.mark.parametrize("name", NAMES)
def test_every_command_and_option_has_a_help_text(name: str) -> None:
    command = cli.get_command(ROOT, name)

    assert command.help
    assert [option.opts for option in options(name) if not option.help] == []


@pytest.mark.parametrize("name", NAMES)
def test_every_option_is_also_an_environment_variable(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = cli.get_command(ROOT, name)
    assert command is not None
    context = click.Context(command, info_name=name, parent=ROOT)
    for option in options(name):
        variable = f"LEADERKIT_{name.upper()}_{option.name.upper()}"
        monkeypatch.setenv(variable, "1")
        assert option.resolve_envvar_value(context) == "1", option.opts
        monkeypatch.delenv(variable)


@pytest.mark.parametrize("name", NAMES)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    assert f"Usage: leaderkit {name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_option_is_a_usage_error_without_a_traceback(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([name, "--no-such-option"]) == 2

    error = capsys.readouterr().err
    assert "no-such-option" in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("typed", "meant"), [("generat", "generate"), ("competition", "competitions"), ("rnu", "run")]
)
def test_an_unknown_command_suggests_one(
    typed: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([typed]) == 2
    assert f"No such command '{typed}'. Did you mean '{meant}'?" in capsys.readouterr().err


def test_an_unknown_command_that_resembles_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["xyzzy"]) == 2
    assert "No such command 'xyzzy'." in capsys.readouterr().err


def test_an_error_has_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "submission.cli", "competitions", "no/such/folder"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("Error: ")
    assert "Traceback" not in done.stderr


def test_an_interruption_has_a_code_of_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("submission.competitions.shipped_competitions", interrupt)

    assert run(["competitions"]) == 130
    assert "Interrupted" in capsys.readouterr().err


def test_a_reader_that_has_enough_gets_no_complaint() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "submission.cli", "competitions", "--json"],
            stdout=nobody, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip

    assert done.stderr == ""


def interrupt() -> None:
    raise KeyboardInterrupt
