"""``leaderkit run``: several recipes from one file to a leaderboard."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from baselines.experiment.plan import read_experiment
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

[[cells]]
name = "nearest"
recipe = "nearest"
submit = true

[[cells]]
name = "constant"
recipe = "constant"
set = { answer = "모릅니다." }
"""

LOST = """
[[cells]]
name = "lost"
recipe = "embedded"
set = { model.name = "./nowhere" }
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
        handle.write(LOST)
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
        text.replace("[[cells]]", '[[cells]]\nname = "medoid"\nrecipe = "medoid"\n\n[[cells]]', 1),
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
    path.write_text(text + LOST, "utf-8")

    assert leaderkit_run(folder) == 3

    said = capsys.readouterr().err
    assert "The baseline 'lost' failed: the others are tested against 'constant'." in said


def test_models_adapters_and_recipes_are_found_beside_the_file(folder: Path) -> None:
    (folder / "mine").mkdir()
    (folder / "mine.toml").write_text(
        'name = "mine"\n[variants.a]\nabout = "A"\n', encoding="utf-8"
    )
    path = folder / "experiment.toml"
    models = 'metric_models = { bertscore = "mine", comet = "OWNER/NAME" }\n'
    path.write_text(models + path.read_text(encoding="utf-8"), encoding="utf-8")
    with path.open("a", encoding="utf-8") as handle:
        handle.write(
            '\n[[cells]]\nname = "c"\nrecipe = "mine.toml:a"\n'
            'set = { model = { name = "mine", adapter = "mine" } }\n'
            '\n[[cells]]\nname = "d"\nrecipe = "embedded"\n'
            'set = { model.name = "skt/kogpt2-base-v2" }\n'
        )

    experiment = read_experiment(path)
    *_, beside, named = experiment.cells

    assert experiment.file.metric_models == {
        "bertscore": str(folder / "mine"),
        "comet": "OWNER/NAME",
    }
    assert beside.recipe.about == "A"
    assert beside.recipe.model is not None
    assert (beside.recipe.model.name, beside.recipe.model.adapter) == (str(folder / "mine"),) * 2
    assert named.recipe.model is not None
    assert named.recipe.model.name == "skt/kogpt2-base-v2"


def test_what_all_cells_share_is_said_once_and_a_cells_own_wins(folder: Path) -> None:
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8").replace('recipe = "nearest"\n', "")
    shared = 'recipe = "nearest"\nset = { prompt.compound.mode = "whole", answer = "?" }\n'
    path.write_text(shared + text, encoding="utf-8")

    first, second = (cell.recipe for cell in read_experiment(path).cells)

    assert first.name == "nearest"
    assert first.prompt.compound.mode == second.prompt.compound.mode == "whole"
    assert first.options["answer"] == "?"
    assert second.options["answer"] == "모릅니다."


def test_a_file_of_the_earlier_form_is_told_what_to_change(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8")
    old = text.replace("[[cells]]", "[[runs]]").replace(
        'set = { answer = "모릅니다." }',
        'engine = "constant"\nset = ["answer=모릅니다.", "a.b=3", "c"]',
    )
    path.write_text('metric_models = ["bertscore=./bert"]\n' + old, encoding="utf-8")
    assert leaderkit_run(folder) == 2

    said = capsys.readouterr().err
    assert "write [[cells]] for each [[runs]]" in said
    assert "'runs.1.set' has 'c', which is not KEY=VALUE" in said
    assert "'runs.1.set' is a table now: set = { answer = \"모릅니다.\", a.b = 3 }" in said
    assert "'runs.1.engine' is part of 'set' now: engine.name = \"constant\"" in said
    assert 'metric_models = { bertscore = "./bert" }' in said


def test_every_problem_of_two_cells_is_listed_once(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "experiment.toml"
    bad = 'set = { sampling.max_tokens = "many", sampling.top_p = 2 }\n'
    path.write_text(
        EXPERIMENT.replace("submit = true\n", bad).replace('recipe = "constant"', 'recipe = "x"'),
        encoding="utf-8",
    )
    assert leaderkit_run(folder) == 2

    said = capsys.readouterr().err
    assert "experiment.toml: 3 problems:" in said
    lines = [line.strip() for line in said.splitlines() if line.startswith("  - ")]
    assert [line.partition(":")[0] for line in lines] == [
        "- cell 'nearest'",
        "- cell 'nearest'",
        "- cell 'constant'",
    ]
    assert "'sampling.max_tokens'" in lines[0]
    assert "'sampling.top_p'" in lines[1]
    assert "No recipe 'x'" in lines[2]


def test_a_file_of_another_command_is_told_which(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / "experiment.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text + '[axes]\nmode = ["a"]\n', encoding="utf-8")
    assert leaderkit_run(folder) == 2
    assert "a file with 'axes' is run by leaderkit ablate" in capsys.readouterr().err

    path.write_text(text + '[tasks.a]\nkind = "qa"\n', encoding="utf-8")
    assert run(["ablate", str(path)]) == 2
    assert "a file with 'tasks' is run by leaderkit study" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('name = "constant"', 'name = "../constant"', "cells.1.name"),
        ('name = "constant"', 'name = "nearest"', "two cells are named 'nearest'"),
        ('baseline = "constant"', 'baseline = "best"', "baseline 'best' is not one of the cells"),
        ('template = "data/sample_submission.csv"', "", "'template' is missing"),
        ('recipe = "nearest"', "recipy = 1", "unknown key 'cells.0.recipy'"),
        ('recipe = "nearest"', "", "'cells.0.recipe' is missing"),
        ('recipe = "nearest"', 'recipe = "nearst"', "Did you mean 'nearest'?"),
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
