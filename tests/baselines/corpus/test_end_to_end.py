"""Pipelines from raw files to a training file: the shipped ones, and the sample's whole truth."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from baselines.corpus.export.forms import form_for
from baselines.corpus.export.write import Wanted, export
from baselines.corpus.folder import Corpus
from baselines.corpus.pipeline import Plan, run
from baselines.stand_ins.articles import FOLDER

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples" / "corpus"
RECIPES = {
    "sample": "news-qa-gemma",
    "news-qa": "news-qa-gemma",
    "open-book": "open-book-gem2",
    "wallpaper": "wallpaper-kogpt2",
    "gemma-study": "gemma-study:koen-lora",
    "odqa": "odqa-t5",
}


@pytest.mark.parametrize("name", RECIPES)
def test_each_system_gets_its_training_file_from_its_pipeline(name: str, tmp_path: Path) -> None:
    plan = Plan.read(EXAMPLES / f"{name}.toml")
    outcomes = list(run(plan, tmp_path, workers=1, form="jsonl", say=lambda _: None))
    corpus = Corpus.open(outcomes[-1].out)
    form = form_for(RECIPES[name], None, None)
    (made,) = export(corpus, form, tmp_path / "train.csv", Wanted(), lambda _: None).files
    assert made.rows > 0
    header = made.path.read_text("utf-8").partition("\n")[0]
    assert header.split(",") == form.columns


def test_every_shipped_pipeline_is_tested_here() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.toml")} == RECIPES.keys()


def test_what_is_planted_in_the_sample_is_found_step_by_step(tmp_path: Path) -> None:
    truth = json.loads((FOLDER / "truth.json").read_text("utf-8"))
    plan = Plan.read(EXAMPLES / "sample.toml")
    outcomes = {
        each.manifest.step: each
        for each in run(plan, tmp_path, workers=2, form="jsonl", say=lambda _: None)
    }
    assert outcomes["read"].manifest.rows == 300
    assert sum(outcomes["dedup"].manifest.dropped.values()) == len(truth["duplicates"])
    assert outcomes["leak"].manifest.dropped == {"leak": len(truth["leaks"])}
    masked = "".join(
        path.read_text("utf-8") for path in sorted(outcomes["mask"].out.glob("part-*.jsonl"))
    )
    assert not [each for each in truth["personal"] if each["value"] in masked]


def test_the_real_training_file_goes_through_with_its_counts(tmp_path: Path) -> None:
    real = os.environ.get("LEADERKIT_REAL_DATA")
    if not real:
        pytest.skip("LEADERKIT_REAL_DATA names no folder of competition files")
    folder = Path(real) / "dacon-236216"
    text = (EXAMPLES / "wallpaper.toml").read_text("utf-8")
    for name in ("train.csv", "test.csv"):
        text = text.replace(f"../../../data_sample/wallpaper/{name}", str(folder / name))
    (tmp_path / "p.toml").write_text(text.replace('"sample-wallpaper"', '"dacon-236216"'), "utf-8")
    plan = Plan.read(tmp_path / "p.toml")
    outcomes = run(plan, tmp_path / "out", workers=2, form="jsonl", say=lambda _: None)
    rows = {each.manifest.step: each.manifest.rows for each in outcomes}
    # 644 rows of 2 questions and 5 answers each.
    assert rows["read"] == rows["clean"] == rows["mask"] == 644 * 2 * 5
    assert rows["leak"] < rows["dedup"] < rows["mask"]
    assert rows["expand"] > rows["leak"]
