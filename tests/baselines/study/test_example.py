"""The study of the documentation, run whole: 2 sizes x 2 ranks x both methods x 2 tasks."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from baselines.stand_ins.small import small_model
from submission.cli import run
from tests.baselines.study.conftest import PROJECT

EXAMPLE = PROJECT / "docs" / "examples" / "study.toml"


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_the_study_of_the_documentation_runs_on_a_small_gemma(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = EXAMPLE.read_text("utf-8").replace("../..", str(PROJECT))
    text = text.replace(f'out = "{PROJECT}/out/study"', 'out = "results"')
    # In place of the hub's checkpoint, one of its format with random weights.
    local = f'comet = {{ model = "{models}/comet", encoder = "{models}/encoder" }}\n'
    (tmp_path / "study.toml").write_text(local + text, "utf-8")
    ended = run(["study", str(tmp_path / "study.toml"), "--model", str(small_model("gemma")),
                 "--ledger", str(tmp_path / "l.db"), "--json"])  # fmt: skip
    out, err = capsys.readouterr()
    assert ended == 0, err
    found = json.loads(out)
    cells = pd.DataFrame(found["runs"])
    assert len(cells) == 2 + 2 * (2 + 4)
    assert cells["error"].isna().all()
    tuned = cells[cells["method"] != "base"]
    assert set(tuned["dataset_size"]) == {14, 28}
    assert set(tuned["rank"].dropna()) == {4, 8}
    assert (tuned["loss_last"] < tuned["loss_first"]).all()
    for task in ("koen", "summary-news"):
        assert tuned[tuned["task"] == task]["difference"].max() > 0
    for method in ("full", "lora"):
        comet = pd.read_csv(tmp_path / "results" / method / "comet_mt_adapter.csv")
        assert list(comet)[:4] == ["Rank", "File_Index", "Translation_Type", "Dataset_Size"]
        misses = pd.read_csv(tmp_path / "results" / method / "mismatch_mt_adapter.csv")
        assert misses["Dataset_Size"].tolist() == [14, 28]
        assert (misses["Miss_Rate"] * misses["Total_Entries"] == misses["Mismatch_Count"]).all()
    assert {each.name for each in (tmp_path / "results" / "plots").glob("*.svg")} == {
        "koen.svg", "summary-news.svg",
    }  # fmt: skip
