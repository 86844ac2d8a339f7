"""``leaderkit run``: several recipes from one file to a leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from baselines.experiment.run import read_experiment
from submission.cli import run

SAMPLE = Path(__file__).resolve().parents[3] / "data_sample" / "wallpaper"

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


def test_an_encoder_that_is_missing_stops_only_what_needs_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8").replace("submit = true", "")
    lines = [line for line in text.splitlines() if not line.startswith(("references", "template"))]
    text = "\n".join(lines).replace("sample-wallpaper", "dacon-236216")
    path.write_text(
        text.replace("[[runs]]", '[[runs]]\nname = "medoid"\nrecipe = "medoid"\n\n[[runs]]', 1),
        encoding="utf-8",
    )

    assert leaderkit_run(folder, "--json") == 3

    report = json.loads(capsys.readouterr().out)
    assert list(report["failed"]) == ["medoid"]
    assert [each["run"] for each in report["runs"]] == ["nearest", "constant"]


def test_a_baseline_that_failed_is_replaced_aloud(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8").replace('baseline = "constant"', 'baseline = "lost"')
    path.write_text(
        text + '\n[[runs]]\nname = "lost"\nrecipe = "embedded"\nmodel = "./nowhere"\n', "utf-8"
    )

    assert leaderkit_run(folder) == 3

    said = capsys.readouterr().err
    assert "The baseline 'lost' failed: the others are tested against 'constant'." in said


def test_models_adapters_and_recipes_are_found_beside_the_file(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine.toml").write_text('name = "mine"\n[variants.a]\n', encoding="utf-8")
    with (folder / "experiment.toml").open("a", encoding="utf-8") as handle:
        handle.write(
            '\n[[runs]]\nname = "c"\nrecipe = "mine.toml:a"\nmodel = "mine"\nadapter = "mine"\n'
            '\n[[runs]]\nname = "d"\nrecipe = "embedded"\nmodel = "skt/kogpt2-base-v2"\n'
        )

    *_, beside, named = read_experiment(folder / "experiment.toml").runs

    assert beside.recipe == f"{folder / 'mine.toml'}:a"
    assert (beside.model, beside.adapter) == (str(folder / "mine"),) * 2
    assert (named.recipe, named.model) == ("embedded", "skt/kogpt2-base-v2")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "constant"', 'name = "../constant"', "runs.1.name"),
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
