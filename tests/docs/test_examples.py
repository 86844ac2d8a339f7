"""The shell examples of the pages are run as printed, line by line, where no model is needed.

They share a folder in which the files and runs that they name were made before, by engines without
a model; the organizer's encoder is replaced by the offline one. `reason` says of every command that
is not run why.
"""

from __future__ import annotations

import itertools
import re
import shlex
import shutil
from pathlib import Path

import pytest

from submission.cli import run
from tests.docs.blocks import PAGES, ROOT, blocks, leaderkit_commands, write_example_competition

SAMPLE = ROOT / "data_sample" / "wallpaper"
CONTEST = ["-c", "dacon-236216"]
WITHOUT_A_MODEL = {"nearest", "medoid", "majority", "constant"}
TRAINED = dict.fromkeys(
    ("train", "tune", "merge", "prefer", "ablate", "study", "run", "demo"),
    "trains a model or works on what training made, which tests of its own run",
)
CORPUS = "reads downloads or a corpus of one's own; tests of its own run it"
INDEXES = dict.fromkeys(
    ("index", "retrieve", "docquest"),
    "reads documents of one's own or an index of them; tests of their own run it",
)
NOT_RUN_LINES = {
    "leaderkit generate exam.toml": "needs a model, which scores options",
    "leaderkit ensemble labels texts": "runs of that model",
    "leaderkit export both": "runs of that model",
    "leaderkit score --run both": "runs of that model",
    "leaderkit ensemble sampled": "needs several samples of a model",
    "leaderkit ensemble first second --by vector": "encodes with the organizer's encoder",
    "leaderkit score -c nikl-2025-culture": "needs BLEURT's weights",
    "leaderkit score -c dacon-236291": "a run of another competition than here",
    "leaderkit holdout -c dacon-236291": "files of another competition than here",
    "leaderkit holdout -c kiise-vaiv-2024": "files of another competition than here",
    "leaderkit holdout -c squad-odqa": "files of another competition than here",
    "leaderkit score -c kiise-vaiv-2024": "a run of another competition than here",
    "leaderkit score -c squad-odqa": "a run of another competition than here",
    "leaderkit score -c seed-003": "needs COMET's weights",
    "leaderkit score -c sample-": "a run of a model that the page trains",
    "leaderkit submit -c dacon-236291": "a run of a model that the page trains",
}
SYSTEMS = "docs/systems/"
MODEL = "needs a model"


def commands(page: str) -> list[list[str]]:
    """The leaderkit commands of a page, without where their output goes."""
    return leaderkit_commands((ROOT / page).read_text("utf-8"))


def reason(page: str, words: list[str]) -> str | None:
    """Why the command is not run, if it is not."""
    line, command = " ".join(words), words[1]
    for begins, why in NOT_RUN_LINES.items():
        if line.startswith(begins):
            return why
    if command in ("parity", "bundle") or (
        command == "generate" and words[2] not in WITHOUT_A_MODEL
    ):
        return MODEL
    if command == "show" and "--prompt" in words:
        return MODEL
    if "--final" in words:
        return "asks for vectors of the organizer's encoder, from the hub"
    if page.startswith(SYSTEMS) and command == "compare":
        return "compares models that the page trains"
    return CORPUS if command == "corpus" else (TRAINED | INDEXES).get(command)


# Its commands are those of README.md.
SAME = "README.ko.md"
RUN = [
    str(page)
    for page in PAGES
    if str(page) != SAME and any(reason(str(page), words) is None for words in commands(str(page)))
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files and the ledger that the examples name."""
    place = tmp_path_factory.mktemp("examples")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        patch.setenv("LEADERKIT_ENCODER", "offline")
        for name in ("train.csv", "test.csv", "sample_submission.csv"):
            shutil.copy(SAMPLE / name, place / name)
        (place / "data_sample").symlink_to(SAMPLE.parent)
        write_example_competition(place / "my-competition")
        _run("holdout", *CONTEST, "--train", "train.csv", "--out", "holdout")
        _run("holdout", *CONTEST, "--train", "train.csv", "--folds", "5", "--out", "folds")
        for name, recipe in {"first": "medoid", "second": "majority", "nearest": "nearest"}.items():
            _generate(recipe, "holdout", name)
        _generate("medoid", "holdout", "mine")
        _generate("nearest", ".", "final")
        (place / "data").symlink_to(place)
        for number in range(1, 6):
            for name, recipe in {"mine": "medoid", "nearest": "nearest"}.items():
                _generate(recipe, f"folds/fold-{number}", f"{name}-fold-{number}")
        _run("export", "first", "--out", "theirs.csv")
        shutil.copytree(place / "runs", place / "other")
        (place / "references.csv").write_text("id,answer\n1,벽지\n2,타일\n", "utf-8")
        (place / "gold.csv").write_text("id,answer\n1,벽지\n2,타일\n", "utf-8")
        (place / "answers.csv").write_text("id,answer\n1,벽지\n2,누수\n", "utf-8")
        lines = '{"id": "1", "answer": "벽지"}\n{"id": "2", "answer": "누수"}\n'
        (place / "out.jsonl").write_text(lines, "utf-8")
    return place


def _generate(recipe: str, folder: str, name: str) -> None:
    files = ["--test", f"{folder}/test.csv", "--train", f"{folder}/train.csv"]
    _run("generate", recipe, *CONTEST, *files, "--run", name)


def _stand_in(words: list[str]) -> None:
    """Make the run that a model would make, where its files are here, for what follows it."""
    given = dict(itertools.pairwise(words))
    if Path(given.get("--test", "")).is_file():
        named = ("-c", given["-c"], "--test", given["--test"], "--run", given["--run"])
        _run("generate", "constant", *named, "--set", "answer=벽지를 새로 바릅니다.", "--fresh")


def _run(*arguments: str) -> None:
    assert run(list(arguments)) == 0, shlex.join(arguments)


@pytest.mark.parametrize("page", RUN)
def test_the_examples_of_a_page_run_as_printed(
    page: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "here"
    shutil.copytree(made, place, symlinks=True)
    monkeypatch.chdir(place)
    monkeypatch.setenv("LEADERKIT_ENCODER", "offline")
    ran = 0
    for words in commands(page):
        if (why := reason(page, words)) is not None:
            if why == MODEL:
                _stand_in(words)
            continue
        for option in ("--out", "--html"):  # what this page makes is not there before
            if option in words and (folder := place / words[words.index(option) + 1]).is_dir():
                shutil.rmtree(folder)
        _run(*words[1:], *(["--fresh"] if words[1] == "generate" else []))
        ran += 1
    assert ran


def test_a_page_that_is_not_run_for_another_has_its_commands() -> None:
    assert commands(SAME) == commands("README.md")


def test_every_reason_is_needed() -> None:
    lines = [" ".join(words) for page in map(str, PAGES) for words in commands(page)]
    for begins in NOT_RUN_LINES:
        assert any(line.startswith(begins) for line in lines), begins
    for command in TRAINED:
        assert any(line.startswith(f"leaderkit {command} ") for line in lines), command


def test_every_python_example_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ran = 0
    for page in PAGES:
        for block in blocks((ROOT / page).read_text("utf-8")):
            if re.fullmatch("py|python", block.language):
                exec(compile(block.text, f"{page}:{block.start}", "exec"), {})  # noqa: S102
                ran += 1
    assert ran >= 4
