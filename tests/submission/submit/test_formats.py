"""From answers to accepted files and their scores, in contests of several shapes."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from submission.cli import run
from tests.submission.contests import (
    DIALOGUE,
    EXAM,
    MOOD,
    SEARCH,
    SEARCHED,
    profile_of,
    write_lines,
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")


def goes_through(declaration: str, capsys: pytest.CaptureFixture[str], out: str) -> float:
    """Submit ``p.csv`` into ``t.csv``, check the file, and score it; the score of ``p.csv`` too."""
    profile_of(Path("contest"), declaration)
    contest = ["-c", "./contest"]
    files = ["--predictions", "p.csv", "--template", "t.csv", "--out", out]
    assert run(["submit", *contest, *files]) == 0
    assert run(["check", *contest, "--submission", out, "--template", "t.csv", "--final"]) == 0
    scores = []
    for predictions in ("p.csv", out):
        capsys.readouterr()
        files = ["--predictions", predictions, "--references", "r.csv"]
        assert run(["score", *contest, *files, "--json"]) == 0
        scores.append(json.loads(capsys.readouterr().out)["scores"][0]["value"])
    assert scores[0] == pytest.approx(scores[1], abs=1e-12)
    return scores[1]


def test_ranked_options(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("id,prediction\n1,A B C\n0,A B C\n", encoding="utf-8")
    ranked = {"0": '["C", "A", "E"]', "1": '["B", "D", "A"]'}
    pd.DataFrame({"id": ranked.keys(), "answer": ranked.values()}).to_csv("p.csv", index=False)
    Path("r.csv").write_text("id,answer\n0,A\n1,B\n", encoding="utf-8")
    # The right option stands second once, first once.
    assert goes_through(EXAM, capsys, "out.csv") == pytest.approx((1 / 2 + 1) / 2)
    assert Path("out.csv").read_text("utf-8") == "id,prediction\n1,B D A\n0,C A E\n"


def test_options_that_a_model_wrote_with_spaces(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("id,prediction\n0,\n", encoding="utf-8")
    Path("p.csv").write_text("id,answer\n0, C  A E \n", encoding="utf-8")
    Path("r.csv").write_text("id,answer\n0,A\n", encoding="utf-8")
    assert goes_through(EXAM, capsys, "out.csv") == pytest.approx(1 / 2)
    assert Path("out.csv").read_text("utf-8") == "id,prediction\n0,C A E\n"


def test_probabilities_in_columns_of_another_order(capsys: pytest.CaptureFixture[str]) -> None:
    Path("t.csv").write_text("id,긍정 확률,부정 확률\na,0.5,0.5\nb,0.5,0.5\n", encoding="utf-8")
    given = {"a": '{"긍정": 0.75, "부정": 0.25}', "b": '{"부정": 0.9, "긍정": 0.1}'}
    pd.DataFrame({"id": given.keys(), "answer": given.values()}).to_csv("p.csv", index=False)
    Path("r.csv").write_text("id,answer\na,긍정\nb,부정\n", encoding="utf-8")
    goes_through(MOOD, capsys, "out.csv")
    assert Path("out.csv").read_text("utf-8") == (
        "id,긍정 확률,부정 확률\na,0.75,0.25\nb,0.1,0.9\n"
    )


def test_an_index_without_a_name_is_copied(capsys: pytest.CaptureFixture[str]) -> None:
    pd.DataFrame({"fname": ["b", "a"], "summary": ["", ""]}).to_csv("t.csv")
    Path("p.csv").write_text("fname,answer\na,요약 하나\nb,요약 둘\n", encoding="utf-8")
    Path("r.csv").write_text("fname,answer\na,요약 하나\nb,요약 둘\n", encoding="utf-8")
    assert goes_through(DIALOGUE, capsys, "out.csv") == pytest.approx(1)
    assert Path("out.csv").read_text("utf-8") == ",fname,summary\n0,b,요약 둘\n1,a,요약 하나\n"


def test_json_lines_named_csv(capsys: pytest.CaptureFixture[str]) -> None:
    write_lines(Path("t.csv"), SEARCHED)
    answers = {
        7: {"query": "질의", "topk": ["d1", "d2", "d3"], "answer": "답", "references": []},
        3: {"query": "", "topk": ["d9", "d8", "d7"], "answer": "둘", "references": [{"n": 0.5}]},
    }
    answers[3]["query"] = "다른 질의"
    items = [
        {"eval_id": key, "answer": json.dumps(value, ensure_ascii=False)}
        for key, value in answers.items()
    ]
    pd.DataFrame(items).to_csv("p.csv", index=False)
    wanted = [{"eval_id": 7, "answer": '["d1"]'}, {"eval_id": 3, "answer": '["d8"]'}]
    pd.DataFrame(wanted).to_csv("r.csv", index=False)
    goes_through(SEARCH, capsys, "out.csv")
    lines = [json.loads(line) for line in Path("out.csv").read_text("utf-8").splitlines()]
    assert lines == [
        {"eval_id": 7, "standalone_query": "질의", **{k: answers[7][k] for k in KEPT}},
        {"eval_id": 3, "standalone_query": "다른 질의", **{k: answers[3][k] for k in KEPT}},
    ]
    assert [list(line) for line in lines] == [list(item) for item in SEARCHED]


KEPT = ("topk", "answer", "references")


@pytest.mark.parametrize(
    ("declaration", "template", "answers", "says"),
    [
        (EXAM.replace('separator = " "\n', ""), "id,prediction\n0,\n1,\n", ["A B", '["A"]'],
         "1 of 2 answers have nothing for the column 'prediction', which takes a list of texts"),
        (MOOD, "id,긍정 확률,부정 확률\n0,,\n1,,\n", ["긍정", '{"긍정": 1}'],
         "2 of 2 answers have nothing for the column '부정 확률', which takes a finite number"),
        (MOOD, "id,긍정 확률,부정 확률\n0,,\n1,,\n", ['{"긍정": 1, "부정": 0}', '{"긍정": 1}'],
         "first the one to '1'"),
        (EXAM.replace('labels = ["A", "B", "C", "D", "E"]\n', ""), "id,prediction\n0,\n1,\n",
         ['["A B"]', '["A"]'], "holds the separator ' '"),
    ],
)  # fmt: skip
def test_what_cannot_be_converted_is_one_message_and_nothing_is_written(
    declaration: str, template: str, answers: list[str], says: str,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    profile_of(Path("contest"), declaration)
    Path("t.csv").write_text(template, encoding="utf-8")
    pd.DataFrame({"id": ["0", "1"], "answer": answers}).to_csv("p.csv", index=False)
    files = ["--predictions", "p.csv", "--template", "t.csv", "--out", "out.csv"]
    assert run(["submit", "-c", "./contest", *files]) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert not list(Path().glob("out.csv*"))


def test_an_index_column_that_is_not_declared_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    profile_of(Path("contest"), DIALOGUE.replace('columns = ["", "fname", "summary"]\n', ""))
    pd.DataFrame({"fname": ["a"], "summary": [""]}).to_csv("t.csv")
    Path("p.csv").write_text("fname,answer\na,요약\n", encoding="utf-8")
    files = ["--predictions", "p.csv", "--template", "t.csv", "--out", "out.csv"]
    assert run(["submit", "-c", "./contest", *files]) == 2
    assert "column 1 has no name" in capsys.readouterr().err
