"""A small grid, and an engine from another package that says when it loads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run

SAMPLE = Path(__file__).resolve().parents[3] / "data_sample" / "wallpaper"

GRID = """
competition = "sample-wallpaper"
test = "data/test.csv"
train = "data/train.csv"
references = "data/references.csv"
out = "results"
recipe = "nearest"

[axes]
"engine.name" = ["nearest", "constant"]
mode = [
  { label = "split", set = { prompt.compound.mode = "split" } },
  { label = "whole", set = { "prompt.compound.mode" = "whole" } },
]
"""

ENGINE = '''
"""An engine that answers with its settings, row by row, and notes when it loads."""

import os
import time
from pathlib import Path

from submission.engines.base import Completion, Finish
from submission.engines.slot import load_key


class Loaded:
    def __init__(self, context):
        self.note("load " + context.recipe.model.name)

    def note(self, line):
        with Path(os.environ["COUNTING_LOG"]).open("a") as log:
            log.write(line + "\\n")

    def close(self):
        self.note("close")


class Counting:
    description = "counting"
    special_tokens = ()

    def __init__(self, context):
        self.context = context
        self.identity = {"engine": "counting", "model": context.recipe.model.name}

    def prompt(self, question, text):
        return tuple((self.context.recipe.prompt.template + text).encode())

    def start(self):
        recipe = self.context.recipe
        self.context.slot.take(load_key(self.identity, recipe), lambda: Loaded(self.context))

    def complete(self, requests):
        recipe = self.context.recipe
        for number, request in enumerate(requests):
            broken = recipe.prompt.template == "broken" and "COUNTING_MENDED" not in os.environ
            if broken and number == 2:
                raise RuntimeError("the device is lost")
            time.sleep(float(os.environ.get("COUNTING_SECONDS", "0")))
            words = request.text.split()
            kept = words[: 1 + (request.seed or len(recipe.model.name)) % (len(words) + 1)]
            text = " ".join(kept)
            yield [Completion(request.key, text, Finish.STOP, len(words), len(kept))]

    def close(self):
        self.context.slot.leave()
'''

COUNTING = """
competition = "sample-wallpaper"
test = "data/test.csv"
references = "data/references.csv"
out = "results"
recipe = "counting.toml"
seeds = [3, 4]

[axes]
"sampling.temperature" = [0.0, 0.7]
mode = [
  { label = "split", set = { prompt.compound.mode = "split" } },
  { label = "whole", set = { prompt.compound.mode = "whole" } },
]
"model.name" = ["m", "longer"]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the grid over two engines that need no model."""
    (tmp_path / "data").symlink_to(SAMPLE)
    (tmp_path / "grid.toml").write_text(GRID, encoding="utf-8")
    return tmp_path


@pytest.fixture
def counting(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a grid over an engine that an installed package brings along."""
    site = folder / "site"
    (site / "counting-1.dist-info").mkdir(parents=True)
    (site / "counting_engine.py").write_text(ENGINE, encoding="utf-8")
    (site / "counting-1.dist-info" / "METADATA").write_text("Name: counting\nVersion: 1\n")
    (site / "counting-1.dist-info" / "entry_points.txt").write_text(
        "[leaderkit.engines]\ncounting = counting_engine:Counting\n"
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("COUNTING_LOG", str(folder / "loads.txt"))
    (folder / "grid.toml").write_text(COUNTING, encoding="utf-8")
    (folder / "counting.toml").write_text(
        'name = "counting"\n[engine]\nname = "counting"\n[model]\nname = "m"\n', encoding="utf-8"
    )
    return folder


@pytest.fixture
def ablate(folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., dict[str, Any]]:
    """Run ``leaderkit ablate … --json``; its results, with standard error as ``said``."""

    def call(*options: str, code: int = 0) -> dict[str, Any]:
        capsys.readouterr()
        ended = run(
            ["ablate", str(folder / "grid.toml"), "--ledger", str(folder / "l.db"), "--json",
             *options]
        )  # fmt: skip
        out, err = capsys.readouterr()
        assert ended == code, err
        return {**(json.loads(out) if out else {}), "said": err}

    return call


def replace(folder: Path, old: str, new: str) -> None:
    """Change the grid file."""
    path = folder / "grid.toml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
