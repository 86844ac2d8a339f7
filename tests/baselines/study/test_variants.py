"""Studies that vary more than the published one: seeds are averaged, all else kept apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from baselines.grid.inputs import Contest
from baselines.grid.journal import Journal
from baselines.grid.scores import score_trials
from baselines.study.plan import read_study
from submission.runs.ledger import Ledger
from tests.baselines.study.conftest import prepare, study_in

AXES = """
[axes]
rate = [
  { label = "slow/1", set = { training.method = "full", training.learning_rate = 1e-3 } },
  { label = "fast", set = { training.method = "full", training.learning_rate = 5e-3 } },
]
draw = [
  { label = "a", set = { training.seed = 1 } },
  { label = "b", set = { training.seed = 2 } },
]
"""


@pytest.fixture(scope="module")
def varied(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Path:
    folder = prepare(tmp_path_factory.mktemp("varied") / "study", models)
    text = (folder / "study.toml").read_text(encoding="utf-8")
    text = text[: text.index("[tasks.summary]")] + AXES
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return folder


def test_tables_and_plots_tell_variants_apart_and_average_over_seeds(
    varied: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = study_in(varied, capsys)
    results = varied / "results"
    cells = pd.DataFrame(found["runs"]).query("method == 'full'")
    assert len(cells) == 4
    for rate in ("slow/1", "fast"):
        (folder,) = (results / "full").glob(f"{rate.replace('/', '_')}*")
        comet = pd.read_csv(folder / "comet_mt_adapter.csv")
        assert comet["File_Index"].tolist() == [0, 1]
        mine = cells[cells["rate"] == rate]
        assert comet["Comet_Score_mt_adapter"].mean() == pytest.approx(mine["comet"].mean())
        misses = pd.read_csv(folder / "mismatch_mt_adapter.csv")
        assert misses["Total_Entries"].tolist() == [4]
    assert not list((results / "full").glob("*.csv"))
    # Another label would be another folder, also where both are written alike.
    assert (results / "full" / "fast").is_dir()
    assert not (results / "full" / "slow_1").exists()
    plot = (results / "plots" / "koen.svg").read_text("utf-8")
    assert "FFT), slow/1" in plot
    assert "FFT), fast" in plot


def test_the_model_of_the_command_line_is_seen_from_where_it_is_typed(varied: Path) -> None:
    # There is a folder of that name beside the file, too.
    study = read_study(varied / "study.toml", "model")
    names = {cell.recipe.model.name for cell in study.tasks[0].grid.cells if cell.recipe.model}
    assert names == {"model"}
    of_the_file = read_study(varied / "study.toml").tasks[0].grid.cells[0].recipe.model
    assert of_the_file is not None
    assert of_the_file.name == str(varied / "model")


def test_a_run_that_cannot_be_scored_costs_none_of_the_others(whole: Path) -> None:
    study = read_study(whole / "study.toml")
    grid = study.tasks[0].grid
    inputs = Contest.of(grid.file).inputs()
    with Ledger(whole / "l.db") as book:
        journal = Journal(whole / "results")
        scorer = inputs.contest.scorer()
        known = score_trials(grid, inputs, scorer, book, journal, {})
        one = replace(inputs.references, rows=inputs.references.rows[:1])
        fewer = replace(inputs, references=one)
        finished, unscored = score_trials(grid, fewer, scorer, book, journal, {})
    assert len(known[0]) == len(grid.trials)
    assert known[1] == {}
    assert finished == []
    assert set(unscored) == {trial.run for trial in grid.trials}
    assert all("T1" in reason for reason in unscored.values())
