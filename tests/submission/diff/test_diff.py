"""Two runs or files row by row, as the command line does it."""

from __future__ import annotations

import csv
import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.runs.ledger import Ledger
from submission.tables import read_table, write_csv
from tests.submission.commands.sample_ledger import make

DATA = Path(__file__).parents[3] / "data_sample" / "wallpaper"
GOLD = str(DATA / "references.csv")
PLANTED = ["TEST_003", "TEST_011", "TEST_017", "TEST_024", "TEST_030"]
ATTACK = "<script>document.title='owned'</script><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")


def test_worse_rows_cannot_be_told_without_references(capsys: pytest.CaptureFixture[str]) -> None:
    write("a.csv", {"A": "가"})
    write("b.csv", {"A": "나"})
    assert run(["diff", "a.csv", "b.csv", "--only", "worse"]) == 2
    assert "--only worse needs --references" in capsys.readouterr().err


@pytest.fixture
def answers() -> dict[str, str]:
    """The first reference of every sample row."""
    table = read_table(GOLD)
    column = next(name for name in table.columns if name.startswith("답변"))
    return dict(zip(table.column("id"), table.column(column), strict=True))


def write(name: str, answers: dict[str, str]) -> None:
    write_csv(name, ("id", "answer"), list(answers.items()), bom=False)


def diff(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    capsys.readouterr()
    assert run(["diff", *arguments, "--json"]) == 0
    return dict(json.loads(capsys.readouterr().out))


def test_planted_worse_rows_come_first_and_alone(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    # Nothing is left of the first, most of the last.
    worse = {
        row: answers[row][: len(answers[row]) * place // 5] for place, row in enumerate(PLANTED)
    }
    write("good.csv", answers)
    write("bad.csv", answers | worse)
    found = diff(
        capsys, "good.csv", "bad.csv", "-c", "sample-wallpaper", "--references", GOLD,
        "--metric", "chrf", "--only", "all",
    )  # fmt: skip
    assert [row["id"] for row in found["listed"]][:5] == PLANTED
    assert (found["worse"], found["better"], found["changed"]) == (5, 0, 5)
    gains = [row["gain"] for row in found["listed"]]
    assert gains == sorted(gains)
    assert gains[4] < 0 == gains[5]
    assert found["scale"]["first"] > found["scale"]["second"]


def test_the_competitions_own_formula_and_encoder_decide_by_default(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write("good.csv", answers)
    write("bad.csv", answers | dict.fromkeys(PLANTED, "모르겠습니다."))
    own = ("-c", "sample-wallpaper", "--references", GOLD, "--encoder", "offline")
    found = diff(capsys, "good.csv", "bad.csv", *own)
    assert {row["id"] for row in found["listed"]} == set(PLANTED)
    assert found["scale"]["metric"] == "cosine"
    first = found["listed"][0]
    assert first["difference"] == first["second"]["score"] - first["first"]["score"] < 0
    assert first["category"]
    assert len(first["references"]) > 1

    turned = diff(capsys, "bad.csv", "good.csv", *own, "--only", "better", "--limit", "2")
    assert (turned["better"], turned["worse"], len(turned["listed"])) == (5, 0, 2)
    assert diff(capsys, "bad.csv", "good.csv", *own, "--only", "worse")["listed"] == []
    assert len(diff(capsys, "bad.csv", "good.csv", *own, "--only", "all")["listed"]) == 36


def test_where_lower_is_better_a_rise_is_worse(capsys: pytest.CaptureFixture[str]) -> None:
    Path("errors").mkdir()
    declared = """name = "errors"
title = "오류"
test = { id = "id", question = "q", columns = ["id", "q"] }
submission = { id = "id", answer = "answer" }
score = { name = "jaccard", direction = "lower", scale = 100, terms = [{ metric = "jaccard" }] }
"""
    Path("errors/competition.toml").write_text(declared, "utf-8")
    write("gold.csv", {"A": "가 나", "B": "다 라"})
    write("one.csv", {"A": "가", "B": "다 라"})
    write("two.csv", {"A": "가 나", "B": "다 라"})
    found = diff(capsys, "one.csv", "two.csv", "-c", "errors", "--references", "gold.csv")
    (row,) = found["listed"]
    # On the declared scale: 1 of 2 words is 50.
    assert (row["first"]["score"], row["second"]["score"]) == (50.0, 100.0)
    assert (row["difference"], row["gain"]) == (50.0, -50.0)
    assert (found["worse"], found["better"]) == (1, 0)
    assert (found["scale"]["first"], found["scale"]["second"]) == (75.0, 100.0)


def test_identical_answers_are_said_to_be(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write("one.csv", answers)
    command = ["diff", "one.csv", "one.csv", "-c", "sample-wallpaper"]
    assert run(command) == 0
    assert "No row differs" in capsys.readouterr().out
    scored = [*command, "--references", GOLD, "--encoder", "offline", "--html", "same.html"]
    assert run(scored) == 0
    assert "No row differs" in capsys.readouterr().out
    assert "No rows to show." in Path("same.html").read_text("utf-8")


def test_without_references_the_most_different_come_first(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write("one.csv", answers)
    changed = {"TEST_003": answers["TEST_003"] + " 끝.", "TEST_011": "전혀 다름"}
    write("two.csv", answers | changed)
    found = diff(capsys, "one.csv", "two.csv", "-c", "sample-wallpaper")
    assert [row["id"] for row in found["listed"]] == ["TEST_011", "TEST_003"]
    assert found["scale"] is None
    assert (found["changed"], found["unscored"]) == (2, 0)
    assert diff(capsys, "one.csv", "two.csv") == found, "answers in the usual columns need no -c"


def test_runs_are_compared_with_their_questions(capsys: pytest.CaptureFixture[str]) -> None:
    make(Path("ledger.db"))
    with Ledger(Path("ledger.db")) as book:
        ids = [part.row_id for part in book.parts("whole")]
    write("file.csv", dict.fromkeys(ids, "다른 답"))
    found = diff(capsys, "whole", "file.csv")
    assert found["changed"] == 5
    questions = {row["id"]: row["question"] for row in found["listed"]}
    assert questions["TEST_000"] == "벽지가 왜 우나요?"


def test_the_terminal_marks_words_without_colours(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write("one.csv", answers | {"TEST_003": "벽지를 말립니다.\x1b[31m"})
    write("two.csv", answers | {"TEST_003": "벽지를 떼어 냅니다.\x1b[31m"})
    command = ["diff", "one.csv", "two.csv", "-c", "sample-wallpaper"]
    assert run([*command, "--references", GOLD, "--encoder", "offline"]) == 0
    out = capsys.readouterr().out
    assert "one.csv: 벽지를 [-말립니다-].\\x1b" in out
    assert "two.csv: 벽지를 {+떼어 냅니다+}.\\x1b" in out
    assert re.search(r"two.csv against one.csv, cosine: \d rows worse, \d better, 35 unch", out)
    assert "\x1b" not in out


def test_the_terminal_shows_the_first_rows_and_says_how_many_are_left(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write("one.csv", answers)
    write("two.csv", dict.fromkeys(answers, "같은 답"))
    assert run(["diff", "one.csv", "two.csv", "-c", "sample-wallpaper"]) == 0
    out = capsys.readouterr().out
    assert out.count("two.csv: ") == 10
    assert "26 more rows: --limit, --html or --csv shows them." in out


def test_the_page_escapes_everything_and_runs_nothing(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    write("one.csv", answers | {"TEST_003": f"벽지 {ATTACK}"})
    write("two.csv", answers | {"TEST_003": "</style><b>타일</b>"})
    assert run(["diff", "one.csv", "two.csv", "-c", "sample-wallpaper", "--references", GOLD,
                "--encoder", "offline", "--html", "page.html"]) == 0  # fmt: skip
    page = Path("page.html").read_text("utf-8")
    assert "Content-Security-Policy" in page
    assert "default-src &#39;none&#39;" in page
    assert "<script" not in page
    assert "<img" not in page
    assert page.count("</style>") == 1
    text = unescape(re.sub(r"</?(?:del|ins)>", "", page))
    assert f"벽지 {ATTACK}" in text
    assert "</style><b>타일</b>" in text
    assert not re.search(r"(?:src|href)=\"(?!#)", page), "nothing is loaded from elsewhere"


def test_the_style_has_the_digest_that_the_policy_allows(answers: dict[str, str]) -> None:
    import base64
    import hashlib

    write("one.csv", answers)
    assert run(["diff", "one.csv", "one.csv", "--only", "all", "--html", "page.html"]) == 0
    page = Path("page.html").read_text("utf-8")
    style = page.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"sha256-{digest}" in unescape(page)


def test_the_table_is_no_place_for_formulas(answers: dict[str, str]) -> None:
    write("one.csv", answers)
    write("two.csv", answers | {"TEST_003": "=HYPERLINK(0)", "TEST_011": "둘,\n셋"})
    assert run(["diff", "one.csv", "two.csv", "-c", "sample-wallpaper", "--references", GOLD,
                "--encoder", "offline", "--csv", "rows.csv"]) == 0  # fmt: skip
    with Path("rows.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = {row["id"]: row for row in csv.DictReader(handle)}
    assert rows["TEST_003"]["second"] == "'=HYPERLINK(0)"
    assert rows["TEST_011"]["second"] == "둘,\n셋"
    found = rows["TEST_011"]
    assert float(found["difference"]) == pytest.approx(
        float(found["second_score"]) - float(found["first_score"])
    )
    assert found["references"].count("\n") >= 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["one.csv", "none.csv"], "'none.csv' is not a file"),
        (["one.csv", "short.csv"], "short.csv has no answer for 1 row(s)"),
        (["short.csv", "one.csv"], "short.csv has no answer for 1 row(s)"),
        (["one.csv", "one.csv", "--metric", "chrf"], "--metric needs --references"),
        (["one.csv", "one.csv", "--references", GOLD], "Give a competition with -c"),
        (["one.csv", "one.csv", "-c", "sample-wallpaper", "--references", "none.csv"], "none.csv"),
        (["one.csv", "one.csv", "-c", "sample-wallpaper", "--references", GOLD, "--metric", "x"],
         "there is no metric 'x'"),
        (["one.csv", "one.csv", "--only", "best"], "'best' is not one of"),
        (["one.csv"], "Missing argument"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_said_and_nothing_written(
    answers: dict[str, str], capsys: pytest.CaptureFixture[str], arguments: list[str], says: str
) -> None:
    write("one.csv", answers)
    write("short.csv", {key: text for key, text in answers.items() if key != "TEST_003"})
    before = sorted(path.name for path in Path().iterdir())
    assert run(["diff", *arguments, "--html", "page.html"]) == 2
    assert says in " ".join(capsys.readouterr().err.split())
    assert sorted(path.name for path in Path().iterdir()) == before
