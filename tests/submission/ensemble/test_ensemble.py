"""Several runs combined into one, as the command line does it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from evaluators import OfflineEncoder
from submission.cli import run
from submission.engines.base import Completion, Finish
from submission.recipes import Recipe, Sampling
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart, Run
from submission.tables import read_table, write_csv

COMPETITION = """\
name = "shop"
title = "상점"

[test]
id = "id"
question = "질문"
columns = ["id", "질문"]

[submission]
id = "id"
{submission}

[encoder]
name = "offline"
dimension = 8

[score]
name = "cosine"
{score}
terms = [{{ metric = "cosine" }}]
"""
RULE = """
[[rules]]
id = "vectors-from-text"
text = "Each vector is that of its row's answer."
"""
TEXT = 'answer = "답변"'
VECTORS = "vectors = { dimension = 8 }"
QUESTIONS = {"A": "수도는?", "B": "벽지는?", "C": "다음 중?\n1. 타일\n2. 벽지"}
RUNS = {
    "one": ["부산", "abc", "정답은 2번입니다."],
    "two": ["서울 특별시", "ab", "1"],
    "three": ["서울특별시", "abcd", "②"],
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    declare()
    for name, answers in RUNS.items():
        keep(name, answers)


def declare(submission: str = TEXT, score: str = "", more: str = "") -> None:
    Path("shop").mkdir(exist_ok=True)
    text = COMPETITION.format(submission=submission, score=score) + more
    Path("shop/competition.toml").write_text(text, "utf-8")


def keep(
    name: str,
    *samples: list[str],
    competition: str = "shop",
    finish: Finish = Finish.STOP,
    questions: dict[str, str] = QUESTIONS,
) -> None:
    """A finished run of these answers, one list per sample."""
    sampling = Sampling(samples=len(samples), temperature=1.0)
    recipe = Recipe(name="made", sampling=sampling).model_dump_json()
    with Ledger(Path("ledger.db")) as book:
        made = Run(name, f"f {name}", competition, recipe, "test.csv", "none", "made by hand")
        parts = [
            PlannedPart(place, 0, sample, row, question, f"{name} {row} {sample}")
            for sample in range(len(samples))
            for place, (row, question) in enumerate(questions.items())
        ]
        book.begin(made, parts, fresh=True)
        for part in parts:
            text = samples[part.sample][part.position]
            book.record(name, [Completion(part.key, text, finish)])
        book.spent(name, 1.0, 0, finished=True)


def ensemble(*arguments: str, code: int = 0) -> None:
    assert run(["ensemble", "-c", "shop", *arguments]) == code


def texts(name: str) -> list[str]:
    with Ledger(Path("ledger.db")) as book:
        return [answer.text for answer in run_answers(book, name)]


def test_the_majority_wins_and_ties_go_to_pairwise_f1(capsys: pytest.CaptureFixture[str]) -> None:
    ensemble("one", "two", "three", "--by", "majority", "--run", "all", "--json")
    report = json.loads(capsys.readouterr().out)
    # A: two of three but for a blank. B: 1:1:1, sums 58/35, 22/15 and 32/21 of character F1.
    # C: two say the second option, each in its way.
    assert texts("all") == ["서울 특별시", "abc", "정답은 2번입니다."]
    assert (report["rows"], report["unanimous"], report["decided"]) == (3, 0, 2)
    assert report["taken"] == [2, 1, 0]
    assert [member["run"] for member in report["members"]] == ["one", "two", "three"]


def test_the_samples_of_one_run_are_members(capsys: pytest.CaptureFixture[str]) -> None:
    keep("sampled", *RUNS.values())
    ensemble("sampled", "--by", "majority", "--run", "all")
    assert texts("all") == ["서울 특별시", "abc", "정답은 2번입니다."]
    assert "sampled, sample 2: 0 rows taken" in capsys.readouterr().out


def test_least_risk_takes_what_the_others_agree_with_under_the_metric() -> None:
    ensemble("one", "two", "three", "--by", "mbr:f1:rule=korquad1", "--run", "f1")
    # By hand: A 0, 5/5, 5/5 (spaces do not count); B as above; C: 2 is all that is shared.
    assert texts("f1")[:2] == ["서울 특별시", "abc"]
    ensemble("one", "two", "three", "--by", "mbr:em:rule=korquad1", "--run", "em")
    assert texts("em")[1] == "abc", "nobody agrees: the first"


def test_least_risk_without_a_metric_is_by_the_competitions_formula(
    capsys: pytest.CaptureFixture[str],
) -> None:
    ensemble("one", "two", "three", "--by", "mbr", "--run", "own", "--json")
    assert json.loads(capsys.readouterr().out)["by"].startswith("mbr|cosine|")
    vectors = OfflineEncoder(8).encode(["abc", "ab", "abcd"])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    agreement = np.maximum(unit @ unit.T, 0).sum(axis=1)
    assert texts("own")[1] == ["abc", "ab", "abcd"][int(agreement.argmax())]


def test_the_result_is_a_run_like_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    ensemble("one", "two", "three", "--by", "majority", "--run", "all")
    write_csv(
        "gold.csv", ("id", "답변"), list(zip(QUESTIONS, texts("all"), strict=True)), bom=False
    )
    assert run(["score", "--run", "all", "-c", "shop", "--references", "gold.csv"]) == 0
    assert "Warning" not in capsys.readouterr().out
    assert run(["score", "--run", "all", "-c", "shop", "--references", "gold.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["degenerate"]["any"] == 0
    write_csv("template.csv", ("id", "답변"), [(row, "") for row in QUESTIONS], bom=False)
    assert run(["submit", "--run", "all", "-c", "shop", "--template", "template.csv",
                "--out", "out.csv"]) == 0  # fmt: skip
    assert read_table("out.csv").column("답변") == texts("all")
    recipe = json.loads(Path("out.csv.manifest.json").read_text("utf-8"))["run"]["recipe"]
    assert recipe["options"]["by"] == "majority|tie:pairwise-f1|rule:inha"
    members = json.loads(recipe["options"]["members"])
    assert [(each["run"], each["fingerprint"]) for each in members] == [
        (name, f"f {name}") for name in RUNS
    ]
    capsys.readouterr()
    assert run(["show", "all", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["done"], shown["engine"]) == (3, "majority of 3 answers")
    assert shown["finished"]
    assert run(["diff", "one", "all"]) == 0


def test_the_same_members_give_the_same_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    ensemble("one", "two", "three", "--by", "majority", "--run", "all")
    with Ledger(Path("ledger.db")) as book:
        before, parts = book.run("all"), list(book.parts("all"))
    ensemble("one", "two", "three", "--by", "majority", "--run", "all")
    with Ledger(Path("ledger.db")) as book:
        assert (book.run("all"), list(book.parts("all"))) == (before, parts)
    keep("three", ["대전", "대전", "대전"])
    ensemble("one", "two", "three", "--by", "majority", "--run", "all", code=2)
    assert "--fresh" in capsys.readouterr().err
    ensemble("one", "two", "three", "--by", "majority", "--run", "all", "--fresh")
    assert texts("all")[0] == "부산"


def test_empty_answers_do_not_vote_unless_there_are_questions_without_an_answer() -> None:
    keep("none", ["", "", ""])
    keep("nil", ["", " ", ""])
    ensemble("none", "nil", "one", "--by", "majority", "--run", "all")
    assert texts("all") == RUNS["one"]
    declare(score="unanswerable = true")
    ensemble("none", "nil", "one", "--by", "majority", "--run", "empty")
    assert texts("empty") == ["", "", ""]


def test_what_was_cut_off_stays_marked(capsys: pytest.CaptureFixture[str]) -> None:
    keep("cut", RUNS["two"], finish=Finish.LENGTH)
    ensemble("one", "cut", "three", "--by", "majority", "--run", "all")
    capsys.readouterr()
    assert run(["show", "all", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["degenerate"]["cut_off"] == 1
    write_csv(
        "gold.csv", ("id", "답변"), list(zip(QUESTIONS, texts("all"), strict=True)), bom=False
    )
    assert run(["score", "--run", "all", "-c", "shop", "--references", "gold.csv"]) == 0
    assert (
        "Warning: degenerate answers: 1 cut off by length (leaderkit show all)."
        in capsys.readouterr().err
    )


def test_the_mean_vector_where_the_rules_allow_it(capsys: pytest.CaptureFixture[str]) -> None:
    declare(VECTORS)
    columns = ["id", *(f"vec_{n}" for n in range(8))]
    write_csv("template.csv", columns, [[row, *[0] * 8] for row in reversed(QUESTIONS)], bom=False)
    ensemble(
        "one", "two", "three", "--by", "vector", "--template", "template.csv", "--out", "v.csv"
    )
    assert "Wrote v.csv: 3 rows x " in capsys.readouterr().out
    table = read_table("v.csv")
    assert table.column("id") == ["C", "B", "A"]
    written = np.array([[float(r.values[c]) for c in columns[1:]] for r in table.records])
    encoded = [OfflineEncoder(8).encode(answers) for answers in RUNS.values()]
    unit = [each / np.linalg.norm(each, axis=1, keepdims=True) for each in encoded]
    assert written[::-1] == pytest.approx(np.mean(unit, axis=0), abs=1e-6)
    manifest = json.loads(Path("v.csv.manifest.json").read_text("utf-8"))
    assert manifest["source"] == {"kind": "vectors", "name": "mean vectors of one, two, three"}
    assert run(["check", "-c", "shop", "--submission", "v.csv", "--template", "template.csv"]) == 0


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ((VECTORS, "", RULE), "does not allow it. Its rule: \"Each vector is that of its row's"),
        ((TEXT, "", ""), "shop takes answers, not vectors"),
        ((f"{TEXT}\n{VECTORS}", "", ""), "a mean vector belongs to no text"),
    ],
)
def test_the_mean_vector_is_refused_where_they_do_not(
    declared: tuple[str, str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(*declared)
    write_csv("template.csv", ("id",), [(row,) for row in QUESTIONS], bom=False)
    ensemble("one", "two", "--by", "vector", "--template", "template.csv", "--out", "v.csv", code=2)
    assert says in " ".join(capsys.readouterr().err.split())
    assert not Path("v.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["one", "--by", "majority", "--run", "x"], "has one answer per row"),
        (["one", "one", "--by", "majority", "--run", "x"], "one is named twice"),
        (["one", "nine", "--by", "majority", "--run", "x"], "No run 'nine'"),
        (["one", "two", "--by", "majority", "--run", "two"], "two is one of the members"),
        (["one", "short", "--by", "majority", "--run", "x"],
         "short does not answer the rows of one: they differ, such as 'C'"),
        (["one", "foreign", "--by", "majority", "--run", "x"], "made for competition 'other'"),
        (["one", "two", "--by", "median", "--run", "x"], "use majority, mbr"),
        (["one", "two", "--by", "mbr:", "--run", "x"], "use majority, mbr"),
        (["one", "two", "--by", "mbr:blue", "--run", "x"], "there is no metric 'blue'"),
        (["one", "two", "--by", "majority"], "name it with --run"),
        (["one", "two", "--by", "majority", "--run", " "], "name it with --run"),
        (["one", "two", "--by", "vector", "--run", "x"], "give --template and --out"),
    ],
)  # fmt: skip
def test_what_makes_no_ensemble_is_said_and_no_run_made(
    arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep("short", RUNS["one"][:2], questions={"A": "수도는?", "B": "벽지는?"})
    keep("foreign", RUNS["one"], competition="other")
    ensemble(*arguments, code=2)
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert says in said
    with Ledger(Path("ledger.db")) as book:
        assert {each.name for each in book.runs()} == {*RUNS, "short", "foreign"}
