"""``leaderkit ablate``: from a grid file to tables of cells and effects."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from submission.cli import run
from submission.runs.ledger import Ledger
from tests.baselines.ablation.conftest import replace

Ablate = Callable[..., dict[str, Any]]


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results" / name, keep_default_na=False)


def loads(folder: Path) -> list[str]:
    return (folder / "loads.txt").read_text(encoding="utf-8").splitlines()


def test_every_combination_is_one_row_of_cells_csv(folder: Path, ablate: Ablate) -> None:
    ablate()

    cells = table(folder, "cells.csv")
    assert cells[["engine.name", "mode"]].to_numpy().tolist() == [
        ["nearest", "split"],
        ["nearest", "whole"],
        ["constant", "split"],
        ["constant", "whole"],
    ]
    assert cells["run"].iloc[0] == "grid/nearest,split"
    assert set(cells["n"]) == {36}
    assert set(cells["seeds"]) == {1}
    assert set(cells["seed"]) == {""}
    assert (cells["low"] <= cells["score"]).all()
    assert (cells["score"] <= cells["high"]).all()
    assert (cells["prompts"] >= 36).all()
    assert (cells["peak_memory_mib"].astype(float) > 1).all()


def test_the_scores_are_those_of_score_and_the_differences_those_of_compare(
    folder: Path, ablate: Ablate
) -> None:
    cells = {each["run"]: each for each in ablate()["cells"]}
    with Ledger(folder / "l.db") as book:
        kept = {run: book.scores(run)[0]["value"] for run in cells}
    assert {run: each["score"] for run, each in cells.items()} == pytest.approx(kept)

    board = folder / "board.csv"
    assert run(
        ["compare", *cells, "-c", "sample-wallpaper", "--baseline", "grid/nearest,split",
         "--references", str(folder / "data" / "references.csv"), "--out", str(board),
         "--ledger", str(folder / "l.db")]
    ) == 0  # fmt: skip
    compared = pd.read_csv(board).set_index("name")
    assert cells["grid/nearest,split"]["difference"] is None
    for name in ("grid/nearest,whole", "grid/constant,split"):
        for column in ("difference", "difference_low", "difference_high"):
            assert cells[name][column] == pytest.approx(compared.loc[name, column], abs=1e-6)


def test_effects_are_differences_of_the_cells_averages(folder: Path, ablate: Ablate) -> None:
    found = ablate()

    score = {(each["engine.name"], each["mode"]): each["score"] for each in found["cells"]}
    effects = {(each["axis"], each["level"]): each for each in found["effects"]}
    mean = sum(score.values()) / 4
    nearest = (score["nearest", "split"] + score["nearest", "whole"]) / 2
    assert effects["engine.name", "nearest"]["mean"] == pytest.approx(nearest)
    assert effects["engine.name", "nearest"]["effect"] == pytest.approx(nearest - mean, abs=1e-6)
    assert effects["engine.name", "constant"]["difference"] == pytest.approx(
        2 * (mean - nearest), abs=1e-6
    )
    assert effects["engine.name", "nearest"]["difference"] is None
    (pair,) = [each for each in found["interactions"] if each["difference"] is not None]
    assert pair["difference"] == pytest.approx(
        score["constant", "whole"]
        - score["nearest", "whole"]
        - score["constant", "split"]
        + score["nearest", "split"],
        abs=1e-6,
    )
    assert table(folder, "effects.csv")["effect"].tolist() == [
        each["effect"] for each in found["effects"]
    ]
    assert len(table(folder, "interactions.csv")) == 4


def test_the_difference_of_two_engines_is_scipys_paired_bootstrap(
    folder: Path, ablate: Ablate
) -> None:
    effects = ablate()["effects"]
    rows = {}
    for engine in ("nearest", "constant"):
        for mode in ("split", "whole"):
            name = folder / "rows.csv"
            assert run(
                ["score", "-c", "sample-wallpaper", "--run", f"grid/{engine},{mode}",
                 "--references", str(folder / "data" / "references.csv"),
                 "--rows", str(name), "--ledger", str(folder / "l.db")]
            ) == 0  # fmt: skip
            scores = pd.read_csv(name)
            first = scores["metric"].iloc[0]
            rows[engine, mode] = scores[scores["metric"] == first]["value"].to_numpy()
    difference = (rows["constant", "split"] + rows["constant", "whole"]) / 2
    difference -= (rows["nearest", "split"] + rows["nearest", "whole"]) / 2
    expected = stats.bootstrap(
        (difference,), lambda rows, axis: rows.mean(axis=axis), n_resamples=9999, rng=1
    ).confidence_interval
    constant = next(each for each in effects if each["level"] == "constant")
    assert constant["difference"] == pytest.approx(difference.mean(), abs=1e-6)
    assert constant["difference_low"] == pytest.approx(expected.low, abs=0.01)
    assert constant["difference_high"] == pytest.approx(expected.high, abs=0.01)


def test_a_second_run_computes_nothing_and_writes_the_same_bytes(
    folder: Path, ablate: Ablate
) -> None:
    ablate()
    names = ("cells.csv", "effects.csv", "interactions.csv")
    first = [(folder / "results" / name).read_bytes() for name in names]

    again = ablate()
    assert "computed" not in again["said"]
    assert again["said"].count("all in the ledger") == 4
    assert [(folder / "results" / name).read_bytes() for name in names] == first


def test_fresh_computes_everything_anew(folder: Path, ablate: Ablate) -> None:
    ablate()
    assert ablate("--fresh")["said"].count("prompts computed") == 4


def test_a_model_is_loaded_once_whatever_the_order_of_cells(counting: Path, ablate: Ablate) -> None:
    found = ablate()

    assert len(found["cells"]) == 2 * 2 + 2 * 2 * 2
    assert loads(counting) == ["load m", "close", "load longer", "close"]
    # Cells stay in the grid's order, whatever order they ran in.
    assert [each["model.name"] for each in found["cells"][:2]] == ["m", "longer"]


def test_seeds_are_for_cells_that_sample(counting: Path, ablate: Ablate) -> None:
    found = ablate()

    seeds = {(each["sampling.temperature"], each["seed"]) for each in found["cells"]}
    assert seeds == {("0.0", None), ("0.7", 3), ("0.7", 4)}
    assert {each["seeds"] for each in found["cells"] if each["seed"] is None} == {1}
    assert {each["seeds"] for each in found["cells"] if each["seed"] == 3} == {2}
    assert any("4 of 8 cells decode greedily" in note for note in found["notes"])
    sampled = [each for each in found["cells"] if each["mode"] == "split" and each["seed"]]
    assert len({each["score"] for each in sampled}) > 1
    mean = sum(each["score"] for each in found["cells"] if each["seed"]) / 8
    effect = next(each for each in found["effects"] if each["level"] == "0.7")
    assert effect["mean"] == pytest.approx(mean)


def test_answers_taken_over_from_another_cell_are_counted(counting: Path, ablate: Ablate) -> None:
    cells = {each["run"]: each for each in ablate()["cells"]}

    split, whole = cells["grid/0.0,split,m"], cells["grid/0.0,whole,m"]
    assert split["reused_prompts"] == 0
    assert 0 < whole["reused_prompts"] < whole["prompts"]


def test_a_failing_cell_is_named_and_the_others_go_on(counting: Path, ablate: Ablate) -> None:
    replace(
        counting,
        "mode = [",
        'mode = [\n  { label = "broken", set = { prompt.template = "broken" } },\n',
    )
    replace(counting, "[axes]", 'baseline = { mode = "split" }\n\n[axes]')
    found = ablate(code=3)

    assert set(found["failed"]) == {
        f"grid/{temperature},broken,{model}{seed}"
        for temperature, seeds in (("0.0", [""]), ("0.7", ["@3", "@4"]))
        for model in ("m", "longer")
        for seed in seeds
    }
    assert "6 of 18 runs failed" in found["said"]
    assert "Traceback" not in found["said"]
    cells = table(counting, "cells.csv")
    assert (cells["error"] == "the device is lost").sum() == 6
    assert (cells.loc[cells["error"] != "", "score"] == "").all()
    assert found["balanced"]
    assert {each["level"] for each in found["effects"] if each["axis"] == "mode"} == {
        "split",
        "whole",
    }
    assert "mode: no cell with broken finished, so its effect is not estimated." in found["notes"]
    assert any(note == "Effects are over 8 of 12 cells." for note in found["notes"])
    # An engine that failed in a way of its own is not used again.
    assert loads(counting).count("load m") > 1


def test_a_cell_that_failed_is_tried_again_by_the_same_command(
    counting: Path, ablate: Ablate, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(
        counting,
        "mode = [",
        'mode = [\n  { label = "broken", set = { prompt.template = "broken" } },\n',
    )
    found = ablate(code=3)
    assert all(each["difference"] is None for each in found["cells"])
    kept = {each["run"]: each["score"] for each in found["cells"] if each["error"] is None}

    monkeypatch.setenv("COUNTING_MENDED", "1")
    found = ablate()
    assert found["said"].count("all in the ledger") == len(kept) == 12
    assert found["balanced"]
    assert kept.items() <= {each["run"]: each["score"] for each in found["cells"]}.items()


def test_an_empty_grid_of_failures_still_says_what_failed(folder: Path, ablate: Ablate) -> None:
    replace(folder, '["nearest", "constant"]', '["nearest"]')
    replace(folder, 'train = "data/train.csv"\n', "")
    found = ablate(code=3)

    assert len(found["failed"]) == 2
    assert found["effects"] == []
    assert found["notes"] == ["Effects need at least two finished cells."]
    assert (table(folder, "cells.csv")["score"] == "").all()


def test_excluded_cells_leave_holes_that_are_named(folder: Path, ablate: Ablate) -> None:
    replace(folder, "[axes]", '[[exclude]]\n"engine.name" = "constant"\nmode = ["whole"]\n\n[axes]')
    found = ablate()

    assert [each["run"] for each in found["cells"]] == [
        "grid/nearest,split",
        "grid/nearest,whole",
        "grid/constant,split",
    ]
    assert found["balanced"] is False
    assert (
        "Not every combination has a cell: effects are least-squares estimates." in found["notes"]
    )
    assert found["interactions"] == []


def test_a_list_of_cells_takes_the_place_of_the_grid(folder: Path, ablate: Ablate) -> None:
    cells = '[[cells]]\n"engine.name" = "{}"\nmode = "{}"\n'
    with (folder / "grid.toml").open("a", encoding="utf-8") as handle:
        handle.write(cells.format("nearest", "split") + cells.format("constant", "whole"))
    found = ablate()

    assert [each["run"] for each in found["cells"]] == ["grid/nearest,split", "grid/constant,whole"]
    assert "mode: left out, because it varies only together with others." in found["notes"]


def test_metrics_have_columns_of_their_own(folder: Path, ablate: Ablate) -> None:
    replace(folder, "[axes]", 'metrics = ["f1:rule=korquad1"]\n\n[axes]')
    cells = ablate()["cells"]

    assert all(0 <= each["f1:rule=korquad1"] <= 1 for each in cells)


def test_a_corpus_score_has_effects_too(folder: Path, ablate: Ablate) -> None:
    contest = folder / "contest"
    contest.mkdir()
    shipped = Path("submission/competitions/sample-wallpaper/competition.toml").resolve()
    text = shipped.read_text(encoding="utf-8")
    (contest / "competition.toml").write_text(
        text.replace('metric = "cosine"', 'metric = "bleu"'), encoding="utf-8"
    )
    replace(folder, '"sample-wallpaper"', '"contest"')
    found = ablate()
    score = {(each["engine.name"], each["mode"]): each["score"] for each in found["cells"]}
    constant = next(each for each in found["effects"] if each["level"] == "constant")
    assert constant["mean"] == pytest.approx(
        (score["constant", "split"] + score["constant", "whole"]) / 2
    )
    assert constant["low"] <= constant["effect"] <= constant["high"]


def test_people_get_tables(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ablate", str(folder / "grid.toml"), "--ledger", str(folder / "l.db")]) == 0

    out = capsys.readouterr().out
    assert "Main effects" in out
    assert "Interactions" in out
    assert "Baseline: nearest, split." in out
    assert "cells.csv" in out


def test_labels_cannot_run_in_a_spreadsheet(folder: Path, ablate: Ablate) -> None:
    replace(folder, 'label = "split"', 'label = "=1+1"')
    ablate()

    assert set(table(folder, "cells.csv")["mode"]) == {"'=1+1", "whole"}
    assert "'=1+1" in set(table(folder, "effects.csv")["level"])
