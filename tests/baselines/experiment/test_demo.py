"""``leaderkit demo`` as a user runs it: the real training, merge, vLLM, and what it leaves."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

SAMPLE = Path(__file__).resolve().parents[3] / "data_sample" / "wallpaper"


def leaderkit(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "submission.cli", *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.vllm
@pytest.mark.timeout(1800)
def test_the_demo_ends_with_a_leaderboard_and_a_submission_that_fits(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    first = leaderkit("demo", "--out", str(out), "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert report["failed"] == {}
    assert report["training"]["loss_last"] < report["training"]["loss_first"]

    board = pd.read_csv(out / "leaderboard.csv").set_index("name")
    assert set(board.index) == {
        "embedded-lora",
        "embedded-base",
        "nearest",
        "medoid",
        "constant",
    }
    score, p_value = board["score"], board["p_value"]
    assert score["embedded-lora"] > score["embedded-base"]
    assert p_value["embedded-lora"] < 0.05
    assert not board["proxy"].any()

    runs = board.loc[["embedded-lora", "embedded-base", "nearest", "medoid", "constant"]]
    assert runs["bertscore"].between(0, 1).all()
    assert runs["bertscore_signature"].str.contains("model:embedded@").all()
    assert runs["rougeL:tokenizer=mecab"].between(0, 1).all()

    choice = report["choice"]
    assert choice["failed"] == {}
    assert set(choice["classes"]) == {"majority", "nearest", "constant", "embedded-base"}
    assert {each["n"] for each in choice["classes"].values()} == {13}, "questions with options"
    assert sum(map(sum, choice["classes"]["majority"]["confusion"])) == 13

    submission = out / "submission-embedded-lora.csv"
    assert pd.read_csv(submission).shape == (36, 513)
    checked = leaderkit(
        "check", "-c", "sample-wallpaper", "--submission", str(submission),
        "--template", str(SAMPLE / "sample_submission.csv"), "--final",
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr

    second = leaderkit("demo", "--out", str(out), "--json")
    assert second.returncode == 0, second.stderr
    again = json.loads(second.stdout)
    assert [run["computed"] for run in again["runs"]] == [0, 0, 0, 0, 0]
    for row, before in zip(
        again["comparison"]["leaderboard"], report["comparison"]["leaderboard"], strict=True
    ):
        # Vectors of the references are kept, so what is left falls into other batches.
        others = {name: score["value"] for name, score in row.pop("others").items()}
        earlier = {name: score["value"] for name, score in before.pop("others").items()}
        assert others == pytest.approx(earlier, abs=1e-6)
        assert row == before
    assert "Starting vLLM" not in second.stderr
