"""Out-of-fold scores: the runs over the folds, joined to one over all rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import mean, stdev

import pytest

from submission.cli import run

ROOT = Path(__file__).parents[3]
TRAIN = ROOT / "data_sample" / "choice" / "train.csv"
CONTEST = ["-c", "sample-choice"]
FOLDS = (1, 2, 3, 4)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four folds, and the runs of two baselines over each."""
    place = tmp_path_factory.mktemp("folds")
    command = ["holdout", *CONTEST, "--train", str(TRAIN), "--out", str(place / "folds")]
    assert run([*command, "--folds", "4"]) == 0
    for number in FOLDS:
        fold = place / "folds" / f"fold-{number}"
        files = ["--test", str(fold / "test.csv"), "--train", str(fold / "train.csv")]
        for recipe in ("constant", "nearest"):
            name = ["--run", f"{recipe}-fold-{number}", "--ledger", str(place / "ledger.db")]
            assert run(["generate", recipe, *CONTEST, *files, *name]) == 0
    return place


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def options(world: Path) -> list[str]:
    return [*CONTEST, "--folds", str(world / "folds"), "--ledger", str(world / "ledger.db")]


def answers(world: Path, place: Path, number: int, answer: str) -> None:
    rows = table(world / "folds" / f"fold-{number}" / "test.csv")
    lines = [f"{row['id']},{answer}\n" for row in rows]
    (place / f"mine-{number}.csv").write_text("id,answer\n" + "".join(lines), "utf-8")


def test_score_is_over_all_rows_and_shows_the_spread(
    world: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["score", *options(world), "--run", "constant", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    golds = table(world / "folds" / "references.csv")
    right = [row["Answer"] == "3" for row in golds]
    assert shown["scores"][0]["n"] == 40
    assert shown["scores"][0]["value"] == pytest.approx(mean(right))
    fold_of = {row["id"]: row["fold"] for row in table(world / "folds" / "folds.csv")}
    by_fold = [
        mean(ok for ok, row in zip(right, golds, strict=True) if fold_of[row["id"]] == str(number))
        for number in FOLDS
    ]
    spread = shown["folds"]
    assert list(spread["scores"].values()) == pytest.approx(by_fold)
    assert spread["mean"] == pytest.approx(mean(by_fold))
    assert spread["deviation"] == pytest.approx(stdev(by_fold))


def test_compare_tests_all_rows_at_once_and_writes_the_folds(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "board.csv", tmp_path / "board.html"
    command = ["compare", "nearest", *options(world), "--baseline", "constant"]
    assert run([*command, "--out", str(out), "--html", str(page)]) == 0
    printed = capsys.readouterr().out
    assert "By fold" in printed
    rows = table(tmp_path / "board.folds.csv")
    assert [row["run"] for row in rows] == ["constant", "nearest"]
    for row in rows:
        assert float(row["mean"]) == pytest.approx(mean(float(row[f"fold_{n}"]) for n in FOLDS))
        assert f"{float(row['mean']):.4f}" in printed
    board = table(out)
    assert [row["kind"] for row in board] == ["folds", "folds"]
    assert sum(int(board[1][name]) for name in ("wins", "ties", "losses")) == 40
    dimensions = {row["dimension"] for row in table(tmp_path / "board.breakdown.csv")}
    assert "fold" in dimensions
    text = page.read_text("utf-8")
    assert "note.folds" in text
    assert '"dimension":"fold"' in text


def test_json_and_markdown_have_the_spread_too(world: Path, tmp_path: Path) -> None:
    command = ["compare", "nearest", *options(world), "--baseline", "constant", "--out"]
    assert run([*command, str(tmp_path / "board.json")]) == 0
    assert run([*command, str(tmp_path / "board.md")]) == 0
    found = json.loads((tmp_path / "board.json").read_text("utf-8"))["folds"]
    assert [each["run"] for each in found] == ["constant", "nearest"]
    assert set(found[0]) == {"run", "scores", "mean", "deviation"}
    assert "constant over 4 folds: mean" in (tmp_path / "board.md").read_text("utf-8")


def test_files_are_named_by_fold_or_hold_all_of_them(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in FOLDS:
        answers(world, tmp_path, number, "3")
    whole = tmp_path / "whole.csv"
    parts = [(tmp_path / f"mine-{number}.csv").read_text("utf-8") for number in FOLDS]
    whole.write_text("id,answer\n" + "".join(each.partition("\n")[2] for each in parts), "utf-8")
    command = ["compare", str(tmp_path / "mine-{fold}.csv"), str(whole), *options(world)]
    assert run([*command, "--baseline", "constant", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["leaderboard"]
    assert len({row["score"] for row in rows}) == 1
    assert sorted(row["kind"] for row in rows) == ["file", "folds", "folds"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--run", "absent"], "'absent-fold-1' is neither a run of"),
        (["--run", "constant-fold-1"], "'constant-fold-1-fold-1' is neither a run of"),
        (["--run", "constant", "--references", str(TRAIN)], "Give either --references FILE or"),
        (["--folds", str(ROOT / "docs"), "--run", "constant"], "has no folds.csv; give the folder"),
    ],
)
def test_what_cannot_be_joined_is_said(
    world: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert run(["score", *options(world), *arguments]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_a_run_over_another_folds_rows_is_named(
    world: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number in FOLDS:
        answers(world, tmp_path, max(number, 2), "3")
    (tmp_path / "mine-1.csv").write_bytes((tmp_path / "mine-2.csv").read_bytes())
    command = ["compare", str(tmp_path / "mine-{fold}.csv"), *options(world)]
    assert run([*command, "--baseline", "constant"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "mine-1.csv does not answer the rows of fold 1" in said


def test_neither_references_nor_folds_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["score", *CONTEST, "--run", "constant", "--ledger", "none.db"]) == 2
    assert capsys.readouterr().err
