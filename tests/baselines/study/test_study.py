"""``leaderkit study``: trainings, the published tables, and what is done only once."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from baselines.training.report import TrainingReport
from evaluators import build_metric
from evaluators.base import Example
from evaluators.miss_rate import languages_differ
from submission.files.model_files import locate_model
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from tests.baselines.study.conftest import replace, study_in

COMET = "Rank,File_Index,Translation_Type,Dataset_Size,Comet_Score_"
MISSES = "Translation_Type,Dataset_Size,Total_Entries,Mismatch_Count,Miss_Rate"


def table(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / "results" / name)


def answers(folder: Path, run: str) -> list[str]:
    with Ledger(folder / "l.db") as book:
        return [each.text for each in run_answers(book, run)]


def test_the_published_tables_have_the_published_columns(whole: Path) -> None:
    for method in ("full", "lora"):
        for who in ("mt_adapter", "mt_gemma"):
            comet = whole / "results" / method / f"comet_{who}.csv"
            misses = whole / "results" / method / f"mismatch_{who}.csv"
            assert comet.read_text("utf-8").splitlines()[0] == COMET + who
            assert misses.read_text("utf-8").splitlines()[0] == MISSES

    tuned = table(whole, "lora/comet_mt_adapter.csv")
    assert tuned[["Rank", "File_Index", "Dataset_Size"]].to_numpy().tolist() == [
        [1, 0, 4], [1, 1, 4], [2, 0, 4], [2, 1, 4],
    ]  # fmt: skip
    assert set(tuned["Translation_Type"]) == {"koen"}
    assert table(whole, "full/comet_mt_adapter.csv")["Rank"].isna().all()
    missed = table(whole, "lora/mismatch_mt_adapter.csv")
    assert missed[["Dataset_Size", "Total_Entries"]].to_numpy().tolist() == [[4, 4]]
    before = table(whole, "lora/comet_mt_gemma.csv").groupby("File_Index")["Comet_Score_mt_gemma"]
    assert (before.nunique() == 1).all()


def test_an_answer_in_the_wrong_language_scores_zero_and_is_a_mismatch(whole: Path) -> None:
    given = answers(whole, "study/koen/fft,4,none")
    assert all("가나다" in text for text in given), "training taught Korean"
    tuned = table(whole, "full/comet_mt_adapter.csv")
    assert (tuned.loc[tuned["Dataset_Size"] == 4, "Comet_Score_mt_adapter"] == 0).all()
    misses = table(whole, "full/mismatch_mt_adapter.csv").set_index("Dataset_Size")
    assert misses.loc[4].to_dict() == {
        "Translation_Type": "koen", "Total_Entries": 2, "Mismatch_Count": 2, "Miss_Rate": 1.0,
    }  # fmt: skip


def test_other_answers_have_the_score_that_comet_itself_gives(whole: Path) -> None:
    spec = f"comet:model={whole}/comet,encoder={whole}/encoder"
    rows = pd.read_csv(whole / "references.csv")
    given = answers(whole, "study/koen/base")
    examples = [
        Example(row["id"], text, (row["translation"],), meta={"source": row["source"]})
        for row, text in zip(rows.to_dict("records"), given, strict=True)
    ]
    expected = build_metric(spec).rows(examples)
    wrong = [languages_differ(each.answer, each.references[0]) for each in examples]
    expected[wrong] = 0.0
    found = table(whole, "full/comet_mt_gemma.csv").query("Dataset_Size == 2")

    assert np.array_equal(found["Comet_Score_mt_gemma"], expected)
    cells = table(whole, "study.csv").set_index("run")
    assert cells.loc["study/koen/base", "comet"] == pytest.approx(expected.mean())
    assert cells.loc["study/koen/fft,2,none", "base_comet"] == pytest.approx(expected.mean())


def test_quality_time_memory_and_trained_parameters_stand_in_one_table(whole: Path) -> None:
    cells = table(whole, "study.csv")

    assert len(cells) == 2 * 5
    tuned = cells[cells["method"] != "base"]
    assert (tuned["trained_parameters"] > 0).all()
    ranks = tuned[tuned["task"] == "koen"].set_index("rank")["trained_parameters"]
    # peft's LoRA: two matrices, from 64 to the rank and from it to 192.
    assert ranks.loc[2] == 2 * (64 + 192)
    full = tuned[tuned["method"] == "full"]
    assert (full["trained_parameters"] == full["parameters"]).all()
    for column in ("training_seconds", "training_peak_memory_mib", "peak_memory_mib", "samples"):
        assert (tuned[column] > 0).all()
    assert (cells["seconds"] > 0).all()
    assert (cells["reused_prompts"] == 0).all()
    assert (tuned[tuned["method"] == "lora"]["merge_difference"] < 1e-4).all()
    assert cells["error"].isna().all()
    korean = tuned[(tuned["task"] == "koen") & (tuned["method"] == "full")]
    assert (korean["loss_last"] < korean["loss_first"]).all()
    assert {"rougeL", "bleu:tokenizer=char", "score", "difference"} <= set(cells.columns)
    assert np.allclose(tuned["difference"], tuned["score"] - tuned["base_score"])


def test_every_cell_leaves_a_model_that_can_be_used_by_itself(whole: Path) -> None:
    models = table(whole, "study.csv")["model"].dropna()

    assert len(models) == 2 * 4
    for model in models:
        assert locate_model(model).folder.joinpath("config.json").is_file()
        trained = Path(model).parent
        folder = trained / "model" if "full-" in trained.name else trained / "adapter"
        assert TrainingReport.read(folder) is not None


def test_each_task_has_its_plot(whole: Path) -> None:
    plots = whole / "results" / "plots"
    assert {each.name for each in plots.iterdir()} == {
        "koen.svg", "koen.png", "summary.svg", "summary.png",
    }  # fmt: skip
    lines = [
        each.get("style") or ""
        for each in ElementTree.parse(plots / "koen.svg").iter("{http://www.w3.org/2000/svg}path")  # noqa: S314 -- written here
    ]
    assert any("stroke: #0072b2" in each and "dasharray" not in each for each in lines)
    assert any("stroke: #d1242f" in each and "dasharray" in each for each in lines)


def test_the_same_command_again_computes_nothing_and_writes_the_same(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written = {
        path: path.read_bytes()
        for path in (whole / "results").rglob("*")
        if path.suffix in (".csv", ".svg", ".png", ".safetensors")
    }
    said = study_in(whole, capsys)["said"]

    assert "samples, at most" not in said
    assert "merging" not in said
    assert said.count("all in the ledger") == 10
    assert all(path.read_bytes() == data for path, data in written.items())


def test_a_cell_that_fails_is_told_in_the_end_and_stops_no_other(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    replace(folder, "[tasks.koen]", "[tasks.poem]")
    (folder / "koen.toml").rename(folder / "poem.toml")
    replace(folder, "training.rows = 2", "training.max_length = 3")
    replace(folder, 'method = "lora"\nrows = "2"', 'method = "lora"')
    found = study_in(folder, capsys, code=3)

    assert set(found["failed"]) == {"study/poem/fft,2,none", "study/summary/fft,2,none"}
    assert "2 of 6 runs failed" in found["said"]
    assert "Traceback" not in found["said"]
    runs: dict[str, dict[str, Any]] = {each["run"]: each for each in found["runs"]}
    assert "has at most 3 tokens" in runs["study/poem/fft,2,none"]["error"]
    assert runs["study/poem/fft,2,none"]["score"] is None
    assert runs["study/poem/fft,4,none"]["comet"] is not None
    assert (folder / "results" / "full" / "comet_mt_adapter.csv").is_file()
