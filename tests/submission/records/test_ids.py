"""Submissions whose id column has another name than the test file's, in every command."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from submission.cli import run
from submission.competitions import find_competition
from submission.records.predictions import read_predictions
from submission.records.read import read_references
from tests.submission.contests import SEARCH, SEARCHED, profile_of, write_lines

CONTEST = """\
name = "named"
title = "Ids of two names"
[test]
id = "문항"
question = "질문"
columns = ["문항", "질문"]
[train]
id = "문항"
questions = ["질문"]
answers = ["답"]
columns = ["문항", "질문", "답"]
[submission]
id = "SAMPLE_ID"
answer = "Answer"
same_length_as = "질문"
[score]
name = "exact match"
terms = [{ metric = "em" }]
"""
ROWS = {"A": "벽지?", "B": "타일?", "C": "누수?"}
NAMED = ["-c", "./named"]
REFERENCES = ["--references", "references.csv"]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    profile_of(Path("named"), CONTEST)
    write("test.csv", ["문항", "질문"], [[key, text] for key, text in ROWS.items()])
    write("references.csv", ["문항", "답"], [[key, "종이다"] for key in ROWS])
    write("template.csv", ["SAMPLE_ID", "Answer"], [[key, ""] for key in ROWS])
    made = ["--test", "test.csv", "--run", "same", "--set", "answer=종이다"]
    assert run(["generate", "constant", *NAMED, *made]) == 0
    files = ["--run", "same", "--template", "template.csv", "--out", "out.csv"]
    assert run(["submit", *NAMED, *files]) == 0


def write(name: str, header: list[str], rows: list[list[str]]) -> None:
    with Path(name).open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle).writerows([header, *rows])


def test_score_reads_what_submit_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert run(["score", *NAMED, "--predictions", "out.csv", *REFERENCES, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"][0]["value"] == 1


def test_compare_and_diff_do() -> None:
    assert run(["compare", *NAMED, "out.csv", "same", "--baseline", "same", *REFERENCES]) == 0
    assert run(["diff", *NAMED, "out.csv", "same", *REFERENCES]) == 0


def test_submit_does() -> None:
    files = ["--predictions", "out.csv", "--template", "template.csv", "--out", "again.csv"]
    assert run(["submit", *NAMED, *files]) == 0
    assert Path("again.csv").read_bytes() == Path("out.csv").read_bytes()


def test_check_finds_the_test_files_row(capsys: pytest.CaptureFixture[str]) -> None:
    files = ["--submission", "out.csv", "--template", "template.csv", "--test", "test.csv"]
    assert run(["check", *NAMED, *files]) == 0
    write("test.csv", ["문항", "질문"], [[key, text * 2] for key, text in ROWS.items()])
    assert run(["check", *NAMED, *files]) == 1
    assert "text-length" in capsys.readouterr().out


def test_an_ensemble_of_runs_is_submitted() -> None:
    made = ["--test", "test.csv", "--run", "other", "--set", "answer=흙이다"]
    assert run(["generate", "constant", *NAMED, *made]) == 0
    assert run(["ensemble", "same", "other", *NAMED, "--by", "majority", "--run", "both"]) == 0
    files = ["--run", "both", "--template", "template.csv", "--out", "both.csv"]
    assert run(["submit", *NAMED, *files]) == 0
    assert Path("both.csv").read_text("utf-8").startswith("SAMPLE_ID,Answer\nA,")


def test_an_exported_run_is_read_whatever_the_ids_are_called() -> None:
    assert run(["export", "same", "--out", "export.csv"]) == 0
    found = read_predictions(find_competition("./named").profile, Path("export.csv"))
    assert [each.id for each in found] == list(ROWS)


def test_a_hold_outs_sample_has_the_submissions_name(tmp_path: Path) -> None:
    rows = [[f"T{n}", f"{n}번 벽지는 무엇인가요?", f"{n}번 답입니다"] for n in range(12)]
    write("train.csv", ["문항", "질문", "답"], rows)
    assert run(["holdout", *NAMED, "--train", "train.csv", "--out", "held"]) == 0
    assert Path("held/sample_submission.csv").read_text("utf-8").startswith("SAMPLE_ID,Answer\n")


def test_references_may_have_the_submissions_columns() -> None:
    write("solution.csv", ["SAMPLE_ID", "답"], [["A", "종이다"]])
    (found,) = read_references(find_competition("./named").profile, Path("solution.csv"))
    assert (found.id, found.answers) == ("A", ("종이다",))


def test_the_test_files_name_comes_first() -> None:
    write("p.csv", ["SAMPLE_ID", "문항", "Answer"], [["1", "A", "답"]])
    (found,) = read_predictions(find_competition("./named").profile, Path("p.csv"))
    assert found.id == "A"


def test_several_answer_columns_of_references_make_one_answer(tmp_path: Path) -> None:
    profile = profile_of(tmp_path / "search", SEARCH)
    item = {**SEARCHED[0], "standalone_query": "질의", "topk": ["d1"], "answer": "답"}
    (found,) = read_references(profile, write_lines(tmp_path / "solution.csv", [item]))
    assert found.id == "7"
    assert [json.loads(answer) for answer in found.answers] == [
        {"query": "질의", "topk": ["d1"], "answer": "답", "references": []}
    ]
