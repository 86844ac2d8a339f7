"""A folder of good files, with a ledger that holds a finished and an unfinished run."""

from __future__ import annotations

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import shutil
from pathlib import Path

import pytest

from submission.cli import run
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run
from tests.bad_input.world import files, write
from tests.models import gpt2


@pytest.fixture(scope="session")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("good")
    write(folder, files())
    here = Path.cwd()
    os.chdir(folder)
    try:
        arguments = "generate nearest -c shop --test test.csv --train train.csv --run done"
        assert run([*arguments.split(), "--ledger", "ledger.db"]) == 0
        with Ledger(Path("ledger.db")) as ledger:
            done = ledger.run("done")
            half = Run("half", "f", "shop", done.recipe, "test.csv", "nearest", "leaderkit …")
            parts = [PlannedPart(place, 0, 0, key, "?", key) for place, key in enumerate("ABC")]
            ledger.begin(half, parts, fresh=False)
    finally:
        os.chdir(here)
    gpt2(folder / "tiny")
    return folder


@pytest.fixture
def world(good_files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "world"
    shutil.copytree(good_files, folder, ignore=lambda _where, names: {"tiny"} & set(names))
    (folder / "tiny").symlink_to(good_files / "tiny")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    # Messages of usage errors are wrapped to the terminal.
    monkeypatch.setenv("COLUMNS", "400")
    return folder
