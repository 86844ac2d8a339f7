"""Runs and files beside a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from submission.cli import run

# As documented; other tools read the file.
COLUMNS = [
    "rank", "name", "kind", "score", "low", "high", "n", "difference", "difference_low",
    "difference_high", "p_value", "wins", "ties", "losses", "public_low", "public_high", "empty",
    "cut_off", "echoed", "proxy", "note", "source",
]  # fmt: skip

COMPETITION = """\
name = "words"
title = "낱말"
public_share = 0.5

[test]
id = "id"
question = "q"
columns = ["id", "q"]

[train]
id = "id"
questions = ["q"]
answers = ["answer", "answer_2"]
columns = ["id", "q", "answer", "answer_2"]

[submission]
id = "id"
answer = "answer"

[score]
name = "jaccard"
terms = [{ metric = "jaccard" }]
"""

GOLD = {"A": "가 나", "B": "다 라", "C": "마 바", "D": "사 아"}
# Row scores by hand: half 1/2 1/2 1/2 1/2; good 1 1 1/2 0.
ANSWERS = {
    "half": {"A": "가", "B": "다", "C": "마", "D": "사"},
    "good": {"A": "가 나", "B": "다 라", "C": "마", "D": "자"},
    "same": {"A": "나", "B": "라", "C": "바", "D": "아"},
}


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    Path("words").mkdir()
    Path("words/competition.toml").write_text(COMPETITION, encoding="utf-8")
    for name, answers in {**ANSWERS, "gold": GOLD}.items():
        pd.Series(answers, name="answer").to_csv(f"{name}.csv", index_label="id")


def compare(*arguments: str, competition: str = "words") -> pd.DataFrame:
    fixed = ["-c", competition, "--out", "board.csv"]
    gold = [] if "--references" in arguments else ["--references", "gold.csv"]
    assert run(["compare", *arguments, *fixed, *gold]) == 0
    return pd.read_csv("board.csv").set_index("name", drop=False)


def test_the_file_has_the_documented_columns_and_types() -> None:
    board = compare("good.csv", "--baseline", "half.csv").reset_index(drop=True)
    assert list(board.columns) == COLUMNS
    assert board["rank"].tolist() == [1, 2]
    assert board["name"].tolist() == ["good.csv", "half.csv"]
    assert board["kind"].tolist() == ["file", "file"]
    assert board["proxy"].tolist() == [False, False]
    assert board["n"].tolist() == [4, 4]
    assert board["score"].dtype == np.float64


def test_wins_ties_and_losses_against_the_baseline() -> None:
    good = compare("good.csv", "--baseline", "half.csv").loc["good.csv"]
    # 1 1 1/2 0 against four times 1/2: mean 0.625 against 0.5.
    assert good["score"] == pytest.approx(0.625)
    assert good["difference"] == pytest.approx(0.125)
    assert (good["wins"], good["ties"], good["losses"]) == (2, 1, 1)
    assert good["difference_low"] <= 0.125 <= good["difference_high"]
    # Differences 1/2, 1/2, -1/2: every one of the 8 sign patterns has a sum of at least 1/2.
    assert good["p_value"] == 1.0


def test_the_baseline_is_not_compared_with_itself() -> None:
    half = compare("good.csv", "--baseline", "half.csv").loc["half.csv"]
    empty = ["difference", "difference_low", "difference_high", "p_value", "wins", "losses"]
    assert half[empty].isna().all()
    assert half["note"] == "baseline"


def test_equal_rows_give_no_difference() -> None:
    same = compare("same.csv", "--baseline", "half.csv").loc["same.csv"]
    assert (same["difference"], same["p_value"]) == (0.0, 1.0)
    assert (same["difference_low"], same["difference_high"]) == (0.0, 0.0)
    assert (same["wins"], same["ties"], same["losses"]) == (0, 4, 0)


def test_lower_is_better_turns_ranks_and_wins_around() -> None:
    declared = COMPETITION.replace('name = "jaccard"\n', 'name = "jaccard"\ndirection = "lower"\n')
    Path("words/competition.toml").write_text(declared, encoding="utf-8")
    board = compare("good.csv", "--baseline", "half.csv")
    assert board["rank"].to_dict() == {"half.csv": 1, "good.csv": 2}
    good = board.loc["good.csv"]
    assert good["difference"] == pytest.approx(0.125)
    assert (good["wins"], good["ties"], good["losses"]) == (1, 1, 2)
    assert good["difference_low"] <= 0.125 <= good["difference_high"]


def test_the_public_part_lies_around_the_score() -> None:
    board = compare("good.csv", "--baseline", "half.csv")
    good, half = board.loc["good.csv"], board.loc["half.csv"]
    # Two of the rows 1, 1, 1/2, 0: from (1/2 + 0) / 2 to (1 + 1) / 2.
    assert (good["public_low"], good["public_high"]) == (0.25, 1.0)
    assert (half["public_low"], half["public_high"]) == (0.5, 0.5)
    Path("words/competition.toml").write_text(COMPETITION.replace("public_share = 0.5\n", ""))
    assert compare("good.csv", "--baseline", "half.csv")["public_low"].isna().all()


def test_runs_stand_beside_files() -> None:
    Path("test.csv").write_text("id,q\nA,하나?\nB,둘?\nC,셋?\nD,넷?\n", encoding="utf-8")
    made = ["--test", "test.csv", "--set", "answer=가 나", "--run", "constant"]
    assert run(["generate", "constant", "-c", "words", *made]) == 0
    board = compare("constant", "good.csv", "--baseline", "constant")
    assert board["kind"].to_dict() == {"good.csv": "file", "constant": "run"}
    assert board.loc["constant", "score"] == pytest.approx(0.25)
    assert board.loc["constant", ["empty", "cut_off", "echoed"]].tolist() == [0, 0, 0]
    assert board.loc["good.csv", "empty"] == 0
    assert pd.isna(board.loc["good.csv", "echoed"])


def test_a_subject_named_twice_stands_once() -> None:
    board = compare("good.csv", "good.csv", "half.csv", "--baseline", "half.csv")
    assert board.index.tolist() == ["good.csv", "half.csv"]


def test_known_scores_stand_below_without_a_rank() -> None:
    board = compare("good.csv", "--baseline", "half.csv", competition="dacon-236291")
    known = board[board["kind"] == "known"]
    assert board.index.tolist()[-len(known) :] == known.index.tolist()
    assert known["rank"].isna().all()
    # The organizer's leaderboard is in percent, and so are our own rows.
    assert known.loc["Gemma-2-2b LoRA", "score"] == 77.511
    # Characters: 가나, 다라 and 마바 against 마 (2/3), nothing shared in the last row.
    assert board.loc["good.csv", "score"] == pytest.approx(100 * (1 + 1 + 2 / 3) / 4)
    assert known["source"].notna().all()
    assert known.loc["Gemma-2-2b LoRA", "note"] == "organizer's leaderboard, certainty M"


def test_a_proxy_is_marked_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--encoder", "offline", "--json"]
    board = compare("good.csv", "--baseline", "half.csv", *more, competition="dacon-236216")
    assert board.loc["good.csv", "proxy"]
    assert not board.loc["OPEN-SOLAR-KO-10.7B", "proxy"]
    assert "private 0.752784" in board.loc["OPEN-SOLAR-KO-10.7B", "note"]
    report = json.loads(capsys.readouterr().out)
    assert report["proxy"].startswith("encoder 'offline' instead of")
    assert report["baseline"] == "half.csv"
    assert report["file"] == "board.csv"
    assert len(report["leaderboard"]) == len(board)


def test_several_references_are_combined_as_asked() -> None:
    Path("two.csv").write_text(
        "id,answer,answer_2\nA,가 나,가\nB,다 라,다\nC,마 바,마\nD,사 아,사\n", encoding="utf-8"
    )
    scores = {
        rule: compare(
            "half.csv", "--baseline", "good.csv", "--references", "two.csv", "--references-by", rule
        ).loc["half.csv", "score"]
        for rule in ("first", "mean", "max")
    }
    # Each row is half of the first reference and all of the second.
    assert scores == {"first": 0.5, "mean": 0.75, "max": 1.0}


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless() -> None:
    Path("=cmd.csv").write_bytes(Path("good.csv").read_bytes())
    board = compare("=cmd.csv", "--baseline", "half.csv")
    assert "'=cmd.csv" in board.index
