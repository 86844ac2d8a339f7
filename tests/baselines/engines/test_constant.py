"""One answer to everything."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from submission.cli import run
from submission.competitions import find_competition

NEWS = Path(__file__).parents[3] / "data_sample/news"
WALLPAPER = Path(__file__).parents[3] / "data_sample/wallpaper"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")


def answers(competition: str, test: Path, *options: str) -> list[str]:
    made = ["-c", competition, "--test", str(test), "--run", "one", *options]
    assert run(["generate", "constant", *made]) == 0
    assert run(["export", "one", "--out", "answers.csv"]) == 0
    return pd.read_csv("answers.csv", keep_default_na=False)["answer"].tolist()


def test_the_competitions_own_constant_is_given() -> None:
    known = find_competition("sample-wallpaper").profile.constant_answer
    assert answers("sample-wallpaper", WALLPAPER / "test.csv") == [known] * 36


def test_an_answer_of_ones_own_is_given_as_it_is() -> None:
    wanted = "3.10, =SUM(1) true"
    assert answers("dacon-236291", NEWS / "test.csv", "--set", f"answer={wanted}") == [wanted] * 12


def test_another_answer_is_another_run() -> None:
    answers("dacon-236291", NEWS / "test.csv", "--set", "answer=하나")
    made = ["-c", "dacon-236291", "--test", str(NEWS / "test.csv"), "--run", "one"]
    assert run(["generate", "constant", *made, "--set", "answer=둘"]) == 2
    assert (
        answers("dacon-236291", NEWS / "test.csv", "--set", "answer=둘", "--fresh") == ["둘"] * 12
    )
