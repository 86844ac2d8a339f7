"""Whatever a user names as a file, in any command: one plain message, and nothing is written."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

from submission.cli import cli, run
from submission.commands.options import UserName, UserPath
from tests.bad_input.case import CHECK, COMPARE, CONSTANT, HOLDOUT, MERGE, RUN, SCORE, SUBMIT, TRAIN
from tests.bad_input.world import snapshot, write

GOOD = {
    "ablate": "ablate grid.toml",
    "bundle": "bundle done --out package",
    "check": CHECK,
    "compare": COMPARE,
    "competitions": "competitions shop",
    "demo": "demo",
    "diff": "diff done predictions.csv",
    "doctor": "doctor",
    "ensemble": "ensemble done --by majority --run joined -c shop",
    "export": "export done --out out.csv",
    "generate": CONSTANT,
    "holdout": HOLDOUT,
    "index": "index predictions.csv --out index",
    "merge": MERGE,
    "parity": "parity run:done recipe.toml -c shop --test test.csv",
    "prefer": "prefer done --out pairs.jsonl",
    "recipes": "recipes recipe.toml",
    "record": "record done",
    "retrieve": "retrieve index 무엇",
    "run": RUN,
    "runs": "runs",
    "score": SCORE,
    "show": "show done",
    "study": "study grid.toml",
    "submit": SUBMIT,
    "train": TRAIN,
    "tune": "tune recipe.toml --pairs predictions.csv --out adapter --model tiny",
}
"""A command line for every command; each path in it is then replaced by one that cannot be."""

LONG = "가" * 5_000
IMPOSSIBLE = {
    "a name of 5,000 characters": (LONG, "too long"),
    "the home of nobody": ("~nosuchuser/x.csv", "there is no such user"),
    "links in a circle": ("../circle.csv", "symbolic links form a loop"),
}
UNREADABLE = {
    "a file that is not there": ("none.csv", "there is no such file"),
    "a folder": ("folder", "is a folder"),
}
HEADS = {"competition": "-c"}
ROOT = click.Context(cli, info_name="leaderkit", **cli.context_settings)


class Place(NamedTuple):
    """A parameter of a command that takes a path, or a name in whose place a path may stand."""

    command: str
    parameter: click.Parameter

    def with_path(self, path: str) -> list[str]:
        """The command line with ``path`` in this place."""
        words = shlex.split(GOOD[self.command])
        if isinstance(self.parameter, click.Argument):
            return [words[0], path, *words[2:]]
        for name in self.parameter.opts:
            if name in words:
                words[words.index(name) + 1] = path
                return words
        return [*words, self.parameter.opts[0], path]

    def __str__(self) -> str:
        return f"{self.command} {self.parameter.opts[0]}"


def places() -> Iterator[Place]:
    for name in cli.list_commands(ROOT):
        command = cli.get_command(ROOT, name)
        assert command is not None
        for parameter in command.params:
            if isinstance(parameter.type, UserPath | UserName):
                yield Place(name, parameter)


PLACES = list(places())
READ = [
    each
    for each in PLACES
    if isinstance(each.parameter.type, UserPath) and each.parameter.type.reads
]
WORDS = ("FILE", "FOLDER", "PATH", "DIR", "toml")


def refused(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = snapshot(Path())
    code = run(arguments)
    shown = capsys.readouterr()
    assert code == 2, shown
    assert says in shown.err
    assert shown.err.count("Error: ") == 1
    assert len(shown.err) < 1_000
    assert shown.out == ""
    assert snapshot(Path()) == before


@pytest.fixture
def here(world: Path) -> Path:
    write(world, {"grid.toml": "x = 1\n"})
    # Beside the folder that is compared with what it was before.
    (world.parent / "circle.csv").symlink_to("circle.csv")
    return world


@pytest.mark.parametrize("kind", IMPOSSIBLE)
@pytest.mark.parametrize("place", PLACES, ids=str)
def test_a_path_that_cannot_be(
    place: Place, kind: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, says = IMPOSSIBLE[kind]
    refused(place.with_path(path), says, capsys)


@pytest.mark.parametrize("kind", UNREADABLE)
@pytest.mark.parametrize("place", READ, ids=str)
def test_a_file_that_cannot_be_read(
    place: Place, kind: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, says = UNREADABLE[kind]
    refused(place.with_path(path), says, capsys)


def test_every_parameter_that_names_a_path_is_guarded() -> None:
    declared = {(each.command, each.parameter.name) for each in PLACES}
    for name in cli.list_commands(ROOT):
        command = cli.get_command(ROOT, name)
        assert command is not None
        for each in command.params:
            assert not isinstance(each.type, click.Path | click.File), (name, each.name)
            if any(word in (each.metavar or "") for word in WORDS):
                assert (name, each.name) in declared | BY_NAME, (name, each.name)


BY_NAME = {
    ("compare", "subjects"),
    ("compare", "baseline"),
    ("diff", "first"),
    ("diff", "second"),
    *((name, "metric_models") for name in ("compare", "score", "diff", "ensemble", "prefer")),
}
"""A run's name, which need not be a path at all, or a path behind a name; tested below."""


MODEL = "generate recipe.toml -c shop --test test.csv --run new --engine transformers"
JUDGE = (
    "score -c shop --run done --references references.csv "
    "--metric judge:model=m,base_url=http://localhost:1"
)


@pytest.mark.parametrize("kind", IMPOSSIBLE)
@pytest.mark.parametrize(
    "command",
    [
        "compare {} -c shop --references references.csv --baseline done",
        "compare done -c shop --references references.csv --baseline {}",
        "diff {} done",
        "diff done {}",
        "score -c shop --run done --references references.csv --metric-model bertscore={}",
        "score -c shop --run done --references references.csv --metric bertscore:model={}",
        f"{JUDGE},rubric={{}}",
        f"{MODEL} --set model.name={{}}",
        "diff done predictions.csv -c shop --references references.csv --metric-model comet={}",
        "ensemble done --by mbr --run x -c shop --metric-model bertscore={}",
    ],
)
def test_a_path_in_place_of_a_run_or_behind_a_name(
    command: str, kind: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, says = IMPOSSIBLE[kind]
    refused(shlex.split(command.format(path)), says, capsys)


EXPERIMENT_PATHS = ("competition", "test", "train", "references", "template", "encoder", "out")
IN_A_CELL = {
    "model": 'set = { model.name = "PATH" }',
    "adapter": 'set = { model.name = "tiny", model.adapter = "PATH" }',
}


@pytest.mark.parametrize(
    ("path", "says"),
    [
        *IMPOSSIBLE.values(),
        (r"a\u0000b", "a character that paths cannot contain"),
    ],
)
@pytest.mark.parametrize("key", [*EXPERIMENT_PATHS, "recipe", "model", "adapter"])
def test_a_path_in_a_toml_file(
    key: str, path: str, says: str, here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Path("experiment.toml").read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(f"{key} =")]
    place = 0 if key in EXPERIMENT_PATHS else len(lines)
    lines.insert(place, IN_A_CELL.get(key, f'{key} = "PATH"').replace("PATH", path))
    write(here, {"experiment.toml": "\n".join(lines)})
    refused(["run", "experiment.toml"], says, capsys)
