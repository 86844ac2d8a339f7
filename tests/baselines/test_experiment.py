"""``leaderkit run``: several recipes from one file to a leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from submission.cli import run

SAMPLE = Path(__file__).resolve().parents[2] / "data_sample" / "wallpaper"

EXPERIMENT = """
competition = "sample-wallpaper"
test = "data/test.csv"
train = "data/train.csv"
references = "data/references.csv"
template = "data/sample_submission.csv"
out = "results"
baseline = "constant"

[[runs]]
name = "nearest"
recipe = "nearest"
submit = true

[[runs]]
name = "constant"
recipe = "constant"
set = ["answer=모릅니다."]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "data").symlink_to(SAMPLE)
    (tmp_path / "experiment.toml").write_text(EXPERIMENT, encoding="utf-8")
    return tmp_path


def leaderkit_run(folder: Path, *options: str) -> int:
    return run(["run", str(folder / "experiment.toml"), "--ledger", str(folder / "l.db"), *options])


def test_paths_are_relative_to_the_file_and_everything_is_written(folder: Path) -> None:
    assert leaderkit_run(folder) == 0
    board = pd.read_csv(folder / "results" / "leaderboard.csv")
    assert board["name"].tolist() == ["nearest", "constant"]
    assert board.loc[1, "note"] == "baseline"
    submission = pd.read_csv(folder / "results" / "submission-nearest.csv")
    assert submission.shape == (36, 513)
    manifest = folder / "results" / "submission-nearest.csv.manifest.json"
    assert json.loads(manifest.read_text(encoding="utf-8"))["uploadable"] is True


def test_a_second_run_computes_nothing_and_writes_the_same_board(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert leaderkit_run(folder) == 0
    first = (folder / "results" / "leaderboard.csv").read_bytes()
    capsys.readouterr()
    assert leaderkit_run(folder, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["computed"] for each in report["runs"]] == [0, 0]
    assert (folder / "results" / "leaderboard.csv").read_bytes() == first


def test_fresh_computes_everything_anew(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert leaderkit_run(folder) == 0
    capsys.readouterr()
    assert leaderkit_run(folder, "--fresh", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert all(each["computed"] > 0 and each["reused"] == 0 for each in report["runs"])


def test_a_failing_run_is_named_and_the_others_are_kept(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (folder / "experiment.toml").open("a", encoding="utf-8") as handle:
        handle.write('\n[[runs]]\nname = "lost"\nrecipe = "embedded"\nmodel = "./nowhere"\n')
    assert leaderkit_run(folder) == 3
    error = capsys.readouterr().err
    assert "nowhere does not exist" in error
    assert "1 of 3 runs failed: lost" in error
    assert pd.read_csv(folder / "results" / "leaderboard.csv")["name"].tolist() == [
        "nearest",
        "constant",
    ]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "constant"', 'name = "nearest"', "two runs are called 'nearest'"),
        ('baseline = "constant"', 'baseline = "best"', "baseline 'best' is none of the runs"),
        ('template = "data/sample_submission.csv"', "", "'template' is missing"),
        ('recipe = "nearest"', "recipy = 1", "unknown key 'runs.0.recipy'"),
        ('test = "data/test.csv"', "", "'test' is missing"),
    ],
)
def test_a_wrong_file_is_refused_before_anything_runs(
    folder: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, message: str
) -> None:
    path = folder / "experiment.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert leaderkit_run(folder) == 2
    assert message in capsys.readouterr().err
    assert not (folder / "results").exists()
