"""Scores by group where a metric says nothing about one of the groups."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from statistics import mean

import pytest

from submission.cli import run
from submission.commands.views.reports import print_folds
from submission.scoring.breakdown import Slice
from submission.scoring.folds import spread
from tests.submission.contests import profile_of

ROWS = [
    (str(number), group, gold, answer)
    for number, (group, gold, answer) in enumerate(
        [
            ("a", 1, 0.9), ("a", 0, 0.2), ("a", 1, 0.1),
            ("b", 0, 0.4), ("b", 1, 0.7), ("b", 1, 0.3),
            ("c", 0, 0.2), ("c", 1, 0.6), ("c", 0, 0.7),
        ],
        start=1,
    )
]  # fmt: skip
DECLARED = """
name = "spam"
title = "Spam"

[test]
id = "id"
question = "text"
columns = ["id", "text"]

[submission]
id = "id"
answer = "spam"
kind = "number"

[score]
name = "AUC"
terms = [{ metric = "auc" }]
"""


@pytest.fixture(params=["a", "b", "c"])
def one_class(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The group whose golds are all 1, of which AUC says nothing."""
    group = str(request.param)
    profile_of(tmp_path / "spam", DECLARED)
    for name, column in (("references", 2), ("answers", 3)):
        with (tmp_path / f"{name}.csv").open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "category", "spam"])
            for row in ROWS:
                value = 1 if column == 2 and row[1] == group else row[column]
                writer.writerow([row[0], row[1], value])
    return group


def rmse(group: str, one_class: str) -> float:
    own = [(1 if each == one_class else gold, answer) for _, each, gold, answer in ROWS
           if each == group]  # fmt: skip
    return mean((gold - answer) ** 2 for gold, answer in own) ** 0.5


def score(folder: Path, *more: str) -> int:
    files = ["--predictions", str(folder / "answers.csv"),
             "--references", str(folder / "references.csv")]  # fmt: skip
    named = ["-c", str(folder / "spam"), "--by", "category", "--metric", "rmse"]
    return run(["score", *named, *files, "--ledger", str(folder / "l.db"), *more])


def test_every_number_stands_under_its_metric(
    one_class: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(tmp_path) == 0
    lines = capsys.readouterr().out.splitlines()
    start = next(place for place, line in enumerate(lines) if line.split()[:1] == ["category"])
    assert lines[start].split() == ["category", "Rows", "auc", "95%", "rmse", "95%"]
    body = {cells[0]: cells for line in lines[start + 2 :] if (cells := line.split())}
    for group in "abc":
        assert f"{rmse(group, one_class):.4f}" == body[group][3 if group == one_class else 6]
        assert (body[group][2] == "—") == (group == one_class)


def test_programs_get_the_metrics_that_say_something(
    one_class: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert score(tmp_path, "--json") == 0
    for group in json.loads(capsys.readouterr().out)["by"]["groups"]:
        wanted = ["rmse"] if group["value"] == one_class else ["auc", "rmse"]
        assert [each["metric"] for each in group["scores"]] == wanted


@pytest.mark.parametrize("suffix", ["csv", "md", "json"])
def test_comparisons_show_no_other_metric_in_its_place(
    one_class: str,
    tmp_path: Path,
    suffix: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.csv").write_text(Path("answers.csv").read_text())
    out = tmp_path / f"board.{suffix}"
    command = ["compare", "answers.csv", "b.csv", "--baseline", "b.csv", "-c", "./spam"]
    command += ["--references", "references.csv", "--by", "category", "--metric", "rmse"]
    command += ["--ledger", "l.db", "--out", str(out)]
    assert run(command) == 0
    printed = capsys.readouterr().out
    row = next(line.split() for line in printed.splitlines()
               if line.split()[:2] == ["category", one_class])  # fmt: skip
    assert row[2:] == ["0", "—", "—"]
    if suffix == "csv":
        with (tmp_path / "board.breakdown.csv").open(newline="") as file:
            found = [(each["group"], each["metric"]) for each in csv.DictReader(file)]
    elif suffix == "json":
        told = json.loads(out.read_text())["breakdown"]
        found = [(each["group"], each["metric"]) for each in told]
    else:
        told = [line.split(" | ") for line in out.read_text().splitlines() if "category" in line]
        found = [(cells[1], cells[3]) for cells in told]
    assert (one_class, "rmse") in found
    assert (one_class, "auc") not in found


def test_a_fold_without_a_score_keeps_its_column(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = [Slice(value, 2, [None]) for value in "123"]
    found = spread("run", nothing)
    assert (found.scores, found.mean) == ({"1": None, "2": None, "3": None}, None)
    print_folds([found])
    assert capsys.readouterr().out.split()[-6:] == ["run", "—", "—", "—", "—", "—"]
