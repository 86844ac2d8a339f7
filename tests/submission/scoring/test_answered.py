"""KLUE-MRC's scorer skips ids without an answer: wherever rows are scored, and never silently."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evaluators import Example, Metric, build_metric, score_examples
from submission.cli import run
from submission.scoring.answered import answered_only

GOLDS = {"1": "서울", "2": "부산", "3": "대구", "4": "광주", "5": "대전", "6": ""}
KINDS = {"1": "가", "2": "가", "3": "가", "4": "나", "5": "나", "6": "나"}
HALF = {"1": "서울", "2": "인천", "4": "광주", "5": "대전"}  # 3 of 4 are right
FULL = {"1": "서울", "2": "부산", "3": "울산", "5": "제주", "6": ""}  # 3 of 5 are right


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write(tmp_path / "gold.csv", ["guid", "answers.text", "kind"], [
        [row_id, json.dumps([gold] if gold else [], ensure_ascii=False), KINDS[row_id]]
        for row_id, gold in GOLDS.items()
    ])  # fmt: skip
    for name, answers in (("half", HALF), ("full", FULL)):
        write(tmp_path / f"{name}.csv", ["guid", "answer"], [[*each] for each in answers.items()])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(path: Path, header: list[str], rows: list[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert run([*arguments, "-c", "klue-mrc", "--references", "gold.csv", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_skipped_row_counts_neither_in_the_score_nor_in_its_parts(
    folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    found = said(
        capsys, "score", "--predictions", "half.csv", "--metric", "bleu", "--rows", "r.csv"
    )
    scores = {each["metric"]: each for each in found["scores"]}
    assert (scores["em"]["value"], scores["em"]["n"]) == (75.0, 4)
    assert {each["n"] for each in found["scores"]} == {4}
    assert "missing:skip" in scores["em"]["signature"]
    assert "half.csv: 2 of 6 rows have no answer and are skipped" in caplog.text
    with (folder / "r.csv").open(encoding="utf-8") as file:
        assert {row["id"] for row in csv.DictReader(file)} == {*HALF}


def test_an_empty_answer_to_an_unanswerable_question_is_an_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    em = said(capsys, "score", "--predictions", "full.csv")["scores"][0]
    assert (em["value"], em["n"]) == (pytest.approx(60.0), 5)


def test_a_breakdown_counts_the_answered_rows(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = said(capsys, "score", "--predictions", "half.csv", "--by", "kind")["by"]["groups"]
    found = {each["value"]: each["scores"][0] for each in groups}
    assert (found["가"]["value"], found["가"]["n"]) == (50.0, 2)
    assert (found["나"]["value"], found["나"]["n"]) == (100.0, 2)


def test_systems_are_compared_on_the_rows_that_both_answer(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = said(
        capsys, "compare", "half.csv", "--baseline", "full.csv", "--metric", "f1:rule=klue"
    )
    half, full = found["leaderboard"]
    assert (half["name"], half["score"], half["n"]) == ("half.csv", 75.0, 4)
    assert (full["score"], full["n"]) == (pytest.approx(60.0), 5)
    # Both answer 1, 2 and 5: the same on 1, a loss on 2, a win on 5.
    assert (half["wins"], half["ties"], half["losses"]) == (1, 1, 1)
    assert half["difference"] == 0.0


def test_a_whole_file_scores_as_without_the_rule(
    folder: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    write(folder / "all.csv", ["guid", "answer"], [[*each] for each in GOLDS.items()])
    em = said(capsys, "score", "--predictions", "all.csv")["scores"][0]
    assert (em["value"], em["n"]) == (100.0, 6)
    assert "skipped" not in caplog.text


def test_no_answer_at_all_is_an_error(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(folder / "none.csv", ["guid", "answer"], [["9", "서울"]])
    asked = ["-c", "klue-mrc", "--references", "gold.csv", "--predictions", "none.csv"]
    assert run(["score", *asked]) == 2
    assert "no reference for 1 id(s): 9" in capsys.readouterr().err


@pytest.mark.parametrize("spec", ["em:rule=klue", "bleu", "macro-f1"])
def test_every_kind_of_metric_is_as_over_the_answered_rows_alone(spec: str) -> None:
    rows = [
        Example(row_id, HALF.get(row_id, ""), (gold,), answered=row_id in HALF)
        for row_id, gold in GOLDS.items()
    ]
    metric: Metric = answered_only(build_metric(spec))
    alone = score_examples(build_metric(spec), [row for row in rows if row.answered])
    found = score_examples(metric, rows)
    assert (found.value, found.n, found.unscored) == (pytest.approx(alone.value), 4, 2)
    assert np.isnan(found.rows).tolist() == [row_id not in HALF for row_id in GOLDS]


def test_a_comparison_says_which_rows_it_is_over(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "rest.csv", ["guid", "answer"], [["3", "대구"], ["6", ""]])
    names = ["half.csv", "full.csv", "rest.csv"]
    board = said(capsys, "compare", *names, "--baseline", "half.csv")
    rows = {row["name"]: row for row in board["leaderboard"] if row["kind"] == "file"}
    assert rows["half.csv"]["note"] == "baseline, 2 of 6 rows skipped"
    assert rows["full.csv"]["note"] == "1 of 6 rows skipped, 3 in common with the baseline"
    assert rows["full.csv"]["wins"] + rows["full.csv"]["ties"] + rows["full.csv"]["losses"] == 3
    assert rows["rest.csv"]["note"] == "4 of 6 rows skipped, 0 in common with the baseline"
    for empty in ("difference", "difference_low", "p_value", "p_adjusted", "detectable", "wins"):
        assert rows["rest.csv"][empty] is None
    assert rows["full.csv"]["p_adjusted"] == rows["full.csv"]["p_value"]
    assert (rows["rest.csv"]["score"], rows["rest.csv"]["n"]) == (100.0, 2)


@pytest.mark.parametrize("metric", ["em", "bleu"])
def test_systems_without_a_row_in_common_are_ranked_and_not_tested(
    folder: Path, metric: str, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = (
        f'name = "c"\ntitle = "C"\n[test]\nid = "guid"\nquestion = "q"\ncolumns = ["guid", "q"]\n'
        f'[submission]\nid = "guid"\nanswer = "answer"\n[score]\nname = "s"\nmissing = "skip"\n'
        f'unanswerable = true\nterms = [{{ metric = "{metric}" }}]\n'
    )
    (folder / "c").mkdir()
    (folder / "c" / "competition.toml").write_text(declared, "utf-8")
    golds = [[row_id, gold or "없음"] for row_id, gold in GOLDS.items()]
    write(folder / "golds.csv", ["guid", "answer"], golds)
    write(folder / "one.csv", ["guid", "answer"], golds[:3])
    write(folder / "two.csv", ["guid", "answer"], golds[3:])
    write(folder / "most.csv", ["guid", "answer"], golds[1:])
    command = ["compare", "one.csv", "two.csv", "most.csv", "--baseline", "one.csv"]
    assert run([*command, "-c", "./c", "--references", "golds.csv", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)["leaderboard"]}
    assert rows["two.csv"]["difference"] is None
    assert rows["two.csv"]["note"] == "3 of 6 rows skipped, 0 in common with the baseline"
    assert rows["most.csv"]["difference"] is not None
    assert rows["most.csv"]["note"] == "1 of 6 rows skipped, 2 in common with the baseline"
