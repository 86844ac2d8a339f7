"""Runs and files beside a baseline."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import submission.runs.answers as reading
from evaluators.report.wording import say, wording
from submission.cli import run
from submission.compare import compare as compare_all
from submission.compare.board import shared_ranks
from submission.compare.report import build_report
from submission.competitions import find_competition
from submission.engines.account import Attempt, Ending, Sent, Usage
from submission.recipes import Degenerate, Recipe
from submission.runs.answers import run_recipe
from submission.runs.ledger import Ledger
from submission.runs.rows import PlannedPart
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references

# As documented; other tools read the file.
COLUMNS = [
    "rank", "name", "kind", "score", "low", "high", "n", "difference", "difference_low",
    "difference_high", "p_value", "p_adjusted", "detectable", "wins", "ties", "losses",
    "public_low", "public_high", "public", "private", "expected", "expected_low", "expected_high",
    "seconds", "prompt_tokens", "completion_tokens", "money", "currency",
    "empty", "cut_off", "too_long", "unfinished_thinking", "unmarked", "malformed", "echoed",
    "looping", "wrong_language", "duplicated",
    "degenerate", "proxy", "note", "source", "signature",
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
        write(f"{name}.csv", answers)


def write(path: str, answers: dict[str, str]) -> None:
    pd.Series(answers, name="answer").to_csv(path, index_label="id")


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


def test_runs_have_what_they_cost_and_files_have_not() -> None:
    free, paid = recorded_runs(0, 0)
    with Ledger(Path("ledger.db")) as book:
        book.sent(paid, [Sent("one", "k1"), Sent("two", "k2"), Sent("refused", "k3")])
        usage = Usage(10, 0, 5, 0)
        book.ended(
            [
                Attempt("one", Ending.REPLIED, usage, 0.25, "EUR"),
                Attempt("two", Ending.REPLIED, usage, 0.5, "EUR"),
                Attempt("refused", Ending.REFUSED),
            ]
        )
    board = compare(free, paid, "gold.csv", "--baseline", free)
    assert board["money"].dropna().to_dict() == {paid: 0.75}
    assert board["currency"].dropna().to_dict() == {paid: "EUR"}
    assert board["completion_tokens"].dropna().to_dict() == {free: 0, paid: 0}
    assert set(board["seconds"].dropna().index) == {free, paid}

    # One reply without a price makes the whole unknown.
    with Ledger(Path("ledger.db")) as book:
        book.sent(paid, [Sent("four", "k4")])
        book.ended([Attempt("four", Ending.REPLIED, usage)])
    assert compare(free, paid, "--baseline", free)["money"].isna().all()
    assert run(["compare", free, paid, "--baseline", free, "-c", "words", "--references",
                "gold.csv", "--out", "board.md"]) == 0  # fmt: skip
    assert "| seconds | tokens in/out | cost |" in Path("board.md").read_text(encoding="utf-8")


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
    assert board["echoed"].isna()["good.csv"]


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


def compared(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    """What ``--json`` prints."""
    capsys.readouterr()
    assert run(["compare", *arguments, "-c", "words", "--references", "gold.csv", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_p_values_are_made_stricter_for_the_number_of_comparisons(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Eight rows, all better: 2 of 2**8 sign patterns, and Holm doubles the smaller p.
    ids = [f"R{number}" for number in range(8)]
    write("gold.csv", dict.fromkeys(ids, "가 나"))
    write("base.csv", dict.fromkeys(ids, "가"))
    write("best.csv", dict.fromkeys(ids, "가 나"))
    write("mixed.csv", {row: "가 나" if place < 7 else "다" for place, row in enumerate(ids)})
    found = compared(capsys, "best.csv", "mixed.csv", "--baseline", "base.csv")
    rows = {row["name"]: row for row in found["leaderboard"]}
    assert rows["best.csv"]["p_value"] == pytest.approx(2 / 2**8)
    assert rows["best.csv"]["p_adjusted"] == pytest.approx(2 * 2 / 2**8)
    # Differences 1/2 seven times, and -1/2: 2 * (1 + 8) of 2**8 patterns reach a sum of 3.
    assert rows["mixed.csv"]["p_value"] == pytest.approx(18 / 2**8)
    assert rows["mixed.csv"]["p_adjusted"] == pytest.approx(18 / 2**8)
    assert rows["base.csv"]["p_adjusted"] is None


def test_the_detectable_difference_is_that_of_the_rows(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "good.csv", "same.csv", "--baseline", "half.csv")
    rows = {row["name"]: row for row in found["leaderboard"]}
    # Differences 1/2 1/2 0 -1/2: t of 3 degrees of freedom at .975 is 3.1824, at .8 0.9785.
    deviation = np.std([0.5, 0.5, 0, -0.5], ddof=1)
    assert rows["good.csv"]["detectable"] == pytest.approx((3.1824 + 0.9785) * deviation / 2, 1e-4)
    assert rows["same.csv"]["detectable"] is None


@pytest.mark.parametrize("suffix", ["csv", "json", "md"])
def test_the_leaderboard_takes_the_form_of_its_suffix(suffix: str) -> None:
    gold = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    assert run(["compare", "good.csv", *gold, "--out", f"board.{suffix}"]) == 0
    text = Path(f"board.{suffix}").read_text("utf-8")
    if suffix == "json":
        assert [row["name"] for row in json.loads(text)["leaderboard"]] == ["good.csv", "half.csv"]
    elif suffix == "md":
        assert "| 1 | good.csv | 0.6250 |" in text
        assert "adjusted for the number of comparisons" in text
    else:
        assert text.startswith("rank,name")


def test_another_suffix_is_refused_before_anything_is_scored(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("broken.csv").write_text("no table", "utf-8")
    gold = ["-c", "words", "--references", "broken.csv", "--baseline", "half.csv"]
    assert run(["compare", "good.csv", *gold, "--out", "board.xlsx"]) == 2
    assert "board.xlsx: a leaderboard is written as .csv, .md, .json" in capsys.readouterr().err


def test_names_are_harmless_in_markdown() -> None:
    name = "a|b<script>.csv"
    Path(name).write_bytes(Path("good.csv").read_bytes())
    gold = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    assert run(["compare", name, *gold, "--out", "board.md"]) == 0
    assert r"| a\|b\<script\>.csv |" in Path("board.md").read_text("utf-8")


def test_files_alone_make_no_ledger() -> None:
    compare("good.csv", "--baseline", "half.csv")
    assert not Path("ledger.db").exists()
    assert run(["compare", "gone", "-c", "words", "--references", "gold.csv",
                "--baseline", "half.csv"]) == 2  # fmt: skip
    assert not Path("ledger.db").exists()


def test_further_metrics_are_columns_with_their_own_signature(
    capsys: pytest.CaptureFixture[str],
) -> None:
    more = ["--metric", "f1:rule=korquad1", "--metric", "chrf"]
    board = compare("good.csv", "--baseline", "half.csv", *more).loc["good.csv"]
    # Characters: 가나 and 다라 whole, 마 of 마바 (2/3), nothing of the last.
    assert board["f1:rule=korquad1"] == pytest.approx((1 + 1 + 2 / 3) / 4)
    assert board["f1:rule=korquad1_signature"].startswith("f1|")
    assert board["chrf_n"] == 4
    assert not board["chrf_proxy"]
    found = compared(capsys, "good.csv", "--baseline", "half.csv", *more)
    assert list(found["leaderboard"][0]["others"]) == ["f1:rule=korquad1", "chrf"]


def test_agreement_of_metrics_over_runs_and_rows(capsys: pytest.CaptureFixture[str]) -> None:
    write("none.csv", dict.fromkeys(GOLD, "차"))
    subjects = ["good.csv", "none.csv", "--baseline", "half.csv", "--metric", "f1:rule=korquad1"]
    found = {each["over"]: each for each in compared(capsys, *subjects)["agreement"]}
    assert (found["runs"]["one"], found["runs"]["other"]) == ("jaccard", "f1:rule=korquad1")
    # By characters good.csv and half.csv are equal (2/3): two of three pairs agree, one is a tie.
    assert (found["runs"]["n"], found["runs"]["kendall"]) == (3, pytest.approx(2 / 6**0.5))
    # Only good.csv's rows have an order: 1 1 1/2 0 and 1 1 2/3 0.
    assert (found["rows"]["n"], found["rows"]["spearman"]) == (4, pytest.approx(1))


def test_a_metric_that_is_the_formula_agrees_with_nothing_new(
    capsys: pytest.CaptureFixture[str],
) -> None:
    write("none.csv", dict.fromkeys(GOLD, "차"))
    subjects = ["good.csv", "none.csv", "--baseline", "half.csv", "--metric"]
    assert compared(capsys, *subjects, "jaccard:references=first")["agreement"] == []


def test_breakdowns_tell_metrics_of_one_name_apart(capsys: pytest.CaptureFixture[str]) -> None:
    more = ["--metric", "f1:rule=squad", "--metric", "f1:rule=korquad1"]
    assert compared(capsys, "good.csv", "--baseline", "half.csv", *more)["breakdown"] == []
    Path("test.csv").write_text("id,q\nA,하나?\nB,둘?\nC,셋이요?\nD,넷이요?\n", encoding="utf-8")
    test = ["--test", "test.csv", "--by", "length"]
    found = compared(capsys, "good.csv", "--baseline", "half.csv", *more, *test)["breakdown"]
    assert {line["metric"] for line in found} == {"jaccard", "f1:rule=squad", "f1:rule=korquad1"}


CODE = """\
from pathlib import Path

import numpy as np

from evaluators import Signature
from evaluators.metrics.rowwise import RowMetric


class Lengths(RowMetric):
    name = "lengths"
    proxy = None
    signature = Signature.of("lengths")

    def rows(self, examples):
        with Path("asked.txt").open("a", encoding="utf-8") as log:
            log.writelines(f"{row.id} {row.answer}\\n" for row in examples)
        return np.array([len(row.answer) / 10 for row in examples])


def formula(part):
    return Lengths()
"""


def test_no_cell_is_scored_twice_in_one_call() -> None:
    coded = COMPETITION.replace('terms = [{ metric = "jaccard" }]', 'code = "scoring.py"')
    Path("words/competition.toml").write_text(coded, encoding="utf-8")
    Path("words/scoring.py").write_text(CODE, encoding="utf-8")
    write("copy.csv", {**ANSWERS["good"], "D": "차"})
    Path("test.csv").write_text("id,q\nA,하나?\nB,둘?\nC,셋이요?\nD,넷이요?\n", encoding="utf-8")
    subjects = ["good.csv", "copy.csv", "same.csv", "--baseline", "half.csv"]
    compare(*subjects, "--by", "length", "--test", "test.csv")
    asked = Path("asked.txt").read_text("utf-8").splitlines()
    assert len(asked) == len(set(asked))
    answers = [*ANSWERS.values(), {**ANSWERS["good"], "D": "차"}]
    assert set(asked) == {f"{row} {text}" for each in answers for row, text in each.items()}


def test_two_systems_have_no_agreement_over_runs(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "good.csv", "--baseline", "half.csv", "--metric", "chrf")
    assert {each["over"] for each in found["agreement"]} <= {"rows"}


def test_the_order_that_a_public_draw_flips(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, "good.csv", "--baseline", "half.csv")["public"]
    assert (found["share"], found["rows"]) == (0.5, 2)
    # Differences 1/2 1/2 0 -1/2; of the 6 halves, 1/2 + 1/2 against 0 - 1/2 and its opposite
    # flip; 0 and 1/2 against 1/2 and -1/2 are ties.
    (flip,) = found["flips"]
    assert {flip["one"], flip["other"]} == {"good.csv", "half.csv"}
    assert flip["rate"] == pytest.approx(1 / 3, abs=0.03)


def test_where_every_row_is_private_the_final_order_is_fixed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    declared = COMPETITION.replace("0.5\n", '0.5\nprivate_rows = "all"\n')
    Path("words/competition.toml").write_text(declared, encoding="utf-8")
    found = compared(capsys, "good.csv", "--baseline", "half.csv")["public"]
    standings = {each["name"]: each for each in found["standings"]}
    assert standings["good.csv"]["first_private"] == 1.0
    # Of the 6 halves, only 0 and -1/2 puts half.csv ahead.
    assert found["flips"][0]["rate"] == pytest.approx(1 / 6, abs=0.03)


def test_breakdowns_stand_beside_the_leaderboard() -> None:
    pd.DataFrame(
        {"id": list(GOLD), "answer": list(GOLD.values()), "category": ["ㄱ", "ㄱ", "=ㄴ", "=ㄴ"]}
    ).to_csv("kinds.csv", index=False)
    Path("test.csv").write_text(
        "id,q\nA,하나?\nB,둘인가요? 또한 셋인가요?\nC,넷?\nD,다섯인가요?\n", encoding="utf-8"
    )
    compare("good.csv", "--baseline", "half.csv", "--references", "kinds.csv", "--test", "test.csv")
    groups = pd.read_csv("board.breakdown.csv")
    assert list(groups.columns) == [
        "dimension", "group", "run", "metric", "score", "low", "high", "n", "proxy",
    ]  # fmt: skip
    good = groups[groups["run"] == "good.csv"].set_index(["dimension", "group"])["score"]
    # Row scores 1 1 1/2 0.
    assert good["category", "ㄱ"] == 1
    assert good["category", "'=ㄴ"] == 0.25
    assert good["compound", "compound"] == 1
    assert good["compound", "single"] == pytest.approx(0.5)
    assert set(groups["dimension"]) == {"category", "compound", "length"}
    lengths = groups[(groups["dimension"] == "length") & (groups["run"] == "half.csv")]
    assert lengths["group"].tolist() == ["2", "3", "6", "14"]


def test_a_run_knows_its_questions(capsys: pytest.CaptureFixture[str]) -> None:
    Path("test.csv").write_text(
        "id,q\nA,하나?\nB,둘인가요? 또한 셋인가요?\nC,넷?\nD,다섯인가요?\n", encoding="utf-8"
    )
    made = ["--test", "test.csv", "--set", "answer=가 나", "--run", "constant"]
    assert run(["generate", "constant", "-c", "words", *made]) == 0
    found = compared(capsys, "constant", "--baseline", "half.csv", "--by", "compound")
    counted = {(each["run"], each["group"]): each["n"] for each in found["breakdown"]}
    assert counted["half.csv", "compound"] == 1
    assert counted["half.csv", "single"] == 3


@pytest.mark.parametrize("by", ["length", "compound"])
def test_questions_that_nobody_knows_are_asked_for(
    by: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gold = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv", "--by", by]
    assert run(["compare", "good.csv", *gold]) == 2
    assert f"--by {by}: the questions are not known; give the test file" in capsys.readouterr().err


def test_a_test_file_without_a_row_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("test.csv").write_text("id,q\nA,하나?\n", encoding="utf-8")
    gold = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    assert run(["compare", "good.csv", *gold, "--test", "test.csv"]) == 2
    assert "test.csv: has no question for 3 row(s)" in capsys.readouterr().err


def test_a_run_of_another_competition_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("test.csv").write_text("id,q\nA,하나?\n", encoding="utf-8")
    made = ["--test", "test.csv", "--set", "answer=가", "--run", "constant"]
    assert run(["generate", "constant", "-c", "words", *made]) == 0
    message = "Run 'constant' was made for competition 'words', not 'dacon-236291': give -c words"
    capsys.readouterr()
    for command in (
        "compare constant -c dacon-236291 --references gold.csv --baseline half.csv",
        "score -c dacon-236291 --run constant --references gold.csv",
        "submit -c dacon-236291 --run constant --template gold.csv --out out.csv",
    ):
        assert run(command.split()) == 2
        assert message in capsys.readouterr().err
    assert not Path("out.csv").exists()


def recorded_runs(*publics: float) -> list[str]:
    """Runs of one, two, … words, with what the organizer gave them (0: nothing)."""
    write("gold.csv", {f"R{number}": f"가{number}" for number in range(8)})
    Path("test.csv").write_text(
        "id,q\n" + "".join(f"R{number},물음 {number}?\n" for number in range(8)), encoding="utf-8"
    )
    names = []
    for place, public in enumerate(publics, start=1):
        name = f"run{place}"
        answer = " ".join(f"가{number}" for number in range(place))
        write_answer = ["--set", f"answer={answer}", "--run", name]
        assert (
            run(["generate", "constant", "-c", "words", "--test", "test.csv", *write_answer]) == 0
        )
        if public:
            assert run(["record", name, "--public", str(public)]) == 0
        names.append(name)
    return names


def test_local_scores_are_fitted_to_public_ones_and_predict_the_next(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = recorded_runs(0.5, 0.6, 0.7)
    write("gold.csv", {f"R{number}": "가0" for number in range(8)})
    write_next = ["--set", "answer=가0 가9 가8 가7", "--run", "next"]
    assert run(["generate", "constant", "-c", "words", "--test", "test.csv", *write_next]) == 0
    # Now they score 1, 1/2, 1/3, and the next one 1/4.
    found = compared(capsys, *names, "next", "--baseline", "run1")
    fit = found["calibration"]["fit"]
    expected = np.polyfit([1, 1 / 2, 1 / 3], [0.5, 0.6, 0.7], 1)
    assert (fit["slope"], fit["intercept"]) == (
        pytest.approx(expected[0]),
        pytest.approx(expected[1]),
    )
    told = found["calibration"]["expected"]["next"]
    assert told["value"] == pytest.approx(np.polyval(expected, 1 / 4))
    assert told["low"] < told["value"] < told["high"]
    assert any(
        "few degrees of freedom (1, from 3 points" in note for note in found["calibration"]["notes"]
    )
    rows = {row["name"]: row for row in found["leaderboard"]}
    assert (rows["run2"]["public"], rows["run2"]["expected"]) == (0.6, None)
    assert (rows["next"]["public"], rows["next"]["expected"]) == (None, told["value"])


def test_two_points_give_no_line_and_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    names = recorded_runs(0.5, 0.6, 0)
    found = compared(capsys, *names, "--baseline", "run1")["calibration"]
    assert found["fit"] is None
    assert found["expected"] == {}
    assert "recorded for 2 of these runs; a line" in found["notes"][0]


def test_nothing_recorded_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    found = compared(capsys, *recorded_runs(0, 0), "--baseline", "run1")["calibration"]
    assert found == {"points": [], "fit": None, "expected": {}, "notes": []}


def test_a_run_over_the_real_test_file_lends_its_public_score_to_its_recipe(
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorded_runs(0)
    Path("real.csv").write_text("id,q\nT1,진짜 물음?\n", encoding="utf-8")
    same = ["--set", "answer=가0", "--run", "submitted"]
    assert run(["generate", "constant", "-c", "words", "--test", "real.csv", *same]) == 0
    assert run(["record", "submitted", "--public", "0.8"]) == 0
    (point,) = compared(capsys, "run1", "--baseline", "run1")["calibration"]["points"]
    assert (point["run"], point["submitted"], point["public"]) == ("run1", "submitted", 0.8)


def test_a_score_stays_with_the_run_it_was_recorded_for(capsys: pytest.CaptureFixture[str]) -> None:
    recorded_runs(0.8)
    twin = ["--set", "answer=가0", "--run", "twin"]
    assert run(["generate", "constant", "-c", "words", "--test", "test.csv", *twin]) == 0
    same = ["run1", "twin", "--baseline", "run1"]
    (point,) = compared(capsys, *same)["calibration"]["points"]
    assert (point["run"], point["public"]) == ("run1", 0.8)


def test_a_score_that_fits_several_runs_is_taken_by_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorded_runs(0)
    Path("real.csv").write_text("id,q\nT1,진짜 물음?\n", encoding="utf-8")
    for name, test in (("twin", "test.csv"), ("submitted", "real.csv")):
        same = ["--set", "answer=가0", "--run", name]
        assert run(["generate", "constant", "-c", "words", "--test", test, *same]) == 0
    assert run(["record", "submitted", "--public", "0.8"]) == 0
    found = compared(capsys, "run1", "twin", "--baseline", "run1")["calibration"]
    assert found["points"] == []
    assert "'submitted' matches several runs (run1, twin)" in found["notes"][0]


def test_every_kind_of_degenerate_answer_is_a_column_and_has_a_phrase() -> None:
    board = compare("good.csv", "--baseline", "half.csv")
    place = list(board.columns).index("degenerate")
    assert list(board.columns)[place - len(Degenerate) : place] == [*Degenerate]
    assert {f"degenerate.{kind}" for kind in Degenerate} <= set(wording())


def test_of_a_file_only_empty_answers_are_told() -> None:
    board = compare("good.csv", "--baseline", "half.csv")
    assert board.loc["good.csv", "empty"] == 0
    assert board["degenerate"].isna().all()


def test_a_recorded_run_that_is_not_named_joins_in_by_its_kept_score(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = recorded_runs(0.5, 0.6, 0.7)
    compared(capsys, *names, "--baseline", "run1")
    found = compared(capsys, "run3", "--baseline", "run3")["calibration"]["points"]
    assert {point["run"] for point in found} == set(names)


def test_answers_that_changed_since_are_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    names = recorded_runs(0.5)
    answer = ["--set", "answer=아주 다른 답", "--run", "run1", "--fresh"]
    assert run(["generate", "constant", "-c", "words", "--test", "test.csv", *answer]) == 0
    found = compared(capsys, *names, "--baseline", "run1")["calibration"]
    assert found["points"] == []
    assert "'run1' is not used: the run's answers have changed since" in found["notes"][0]


def test_a_recorded_run_that_is_being_made_anew_is_left_out(
    capsys: pytest.CaptureFixture[str],
) -> None:
    names = recorded_runs(0.5, 0.6)
    with Ledger(Path("ledger.db")) as book:
        book.begin(book.run("run2"), [PlannedPart(0, 0, 0, "R0", "물음?", "new")], fresh=True)
    found = compared(capsys, names[0], "--baseline", names[0])["calibration"]
    assert [point["run"] for point in found["points"]] == ["run1"]
    assert "'run2' is not used: the run is not finished" in found["notes"][0]


def test_reading_it_on_the_screen(capsys: pytest.CaptureFixture[str]) -> None:
    gold = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    assert run(["compare", "good.csv", *gold]) == 0
    out = capsys.readouterr().out
    assert "adjusted for the number of comparisons (1, Holm)" in out
    assert "80% power" in out
    assert "good.csv and half.csv change order" in out


def test_a_report_holds_what_was_compared() -> None:
    Path("test.csv").write_text(
        "id,q\nA,하나?\nB,둘인가요? 또한 셋인가요?\nC,넷?\nD,다섯인가요?\n", encoding="utf-8"
    )
    made = ["--test", "test.csv", "--set", "answer=가 나", "--run", "constant"]
    assert run(["generate", "constant", "-c", "words", *made]) == 0
    contest = find_competition("words")
    gold = load_references(contest.profile, Path("gold.csv"))
    subjects = ["constant", "good.csv"]
    with Ledger(Path("ledger.db")) as book:
        found = compare_all(
            contest, Scorer.of(contest), book, subjects, "half.csv", gold, metrics=["chrf"]
        )
        report = build_report(found, contest, gold.rows, book)
    assert [row.question for row in report.rows] == [
        "하나?", "둘인가요? 또한 셋인가요?", "넷?", "다섯인가요?",
    ]  # fmt: skip
    assert [row.meta["compound"] for row in report.rows] == [False, True, False, False]
    runs = {each.name: each for each in report.runs}
    assert list(runs["good.csv"].answers) == ["가 나", "다 라", "마", "자"]
    assert runs["good.csv"].scores.tolist() == [1, 1, 0.5, 0]
    assert [score.metric for score in runs["good.csv"].others] == ["chrf"]
    assert runs["constant"].manifest["recipe"]["name"] == "constant"
    assert report.leaderboard[0].name == "good.csv"
    assert report.notes
    assert all(re.search("[가-힣]", say(note.key, "ko", **note.filled)) for note in report.notes)
    assert {group.dimension for group in report.groups} == {"length", "compound"}


def test_a_metric_is_had_under_every_tokenizer(capsys: pytest.CaptureFixture[str]) -> None:
    # Character by character both say the same; word by word only one does.
    write("spaced.csv", dict.fromkeys(GOLD, "가나다 라마바"))
    write("other.csv", dict.fromkeys(GOLD, "가나다 라마사"))
    write("gold.csv", dict.fromkeys(GOLD, "가 나다라마바"))
    compare("spaced.csv", "--baseline", "other.csv", "--tokenizers", "rouge1")

    lines = pd.read_csv("board.tokenizers.csv")
    scores = lines.set_index(["run", "tokenizer"])["score"]
    assert scores["spaced.csv", "char"] == 1.0
    assert scores["other.csv", "char"] == pytest.approx(5 / 6)
    assert scores["spaced.csv", "whitespace"] == scores["other.csv", "whitespace"] == 0
    assert set(lines["tokenizer"]) == {"mecab", "kiwi", "whitespace", "char"}
    assert lines["signature"].str.startswith("rouge1|").all()
    assert "rouge1 by tokenizer, n = 4" in capsys.readouterr().out


def test_a_metric_without_a_tokenizer_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    fixed = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    assert run(["compare", "good.csv", *fixed, "--tokenizers", "jaccard"]) == 2
    assert "jaccard takes no tokenizer" in capsys.readouterr().err


def test_a_run_is_read_once_for_all_that_is_told_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("test.csv").write_text("id,q\nA,하나?\nB,둘?\nC,셋?\nD,넷?\n", encoding="utf-8")
    for name in ("one", "two"):
        made = ["--test", "test.csv", "--set", "answer=가 나", "--run", name]
        assert run(["generate", "constant", "-c", "words", *made]) == 0
    assert run(["record", "one", "--public", "0.5"]) == 0
    asked = []

    def counted(ledger: Ledger, name: str) -> Recipe:
        asked.append(name)
        return run_recipe(ledger, name)

    monkeypatch.setattr(reading, "run_recipe", counted)
    compare("one", "two", "--baseline", "one", "--html", "page.html")
    assert sorted(asked) == ["one", "two"]


def test_equal_systems_share_a_rank_everywhere(capsys: pytest.CaptureFixture[str]) -> None:
    board = compare("good.csv", "same.csv", "--baseline", "half.csv")
    assert board["rank"].to_dict() == {"good.csv": 1, "half.csv": 2, "same.csv": 2}
    capsys.readouterr()
    fixed = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    assert run(["compare", "good.csv", "same.csv", *fixed, "--json"]) == 0
    ranks = [row["rank"] for row in json.loads(capsys.readouterr().out)["leaderboard"]]
    assert ranks == [1, 2, 2]
    assert run(["compare", "same.csv", *fixed, "--out", "board.md"]) == 0
    assert [line[:3] for line in Path("board.md").read_text().splitlines()[4:6]] == ["| 1"] * 2


def test_scores_that_differ_by_rounding_alone_are_equal() -> None:
    assert shared_ranks([0.3, 0.1 + 0.2 - 1e-13, 0.29, 0.29, 0.1]) == [1, 1, 3, 3, 5]
    assert shared_ranks([]) == []


def test_one_row_has_no_interval_in_any_output(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("gold", "half", "good"):
        write(f"{name}.csv", {"A": {**ANSWERS, "gold": GOLD}[name]["A"]})
    board = compare("good.csv", "--baseline", "half.csv")
    assert board[["low", "high"]].isna().all(axis=None)
    assert board.loc[["good.csv"], "difference_low"].isna().all()
    assert "—" in capsys.readouterr().out
    fixed = ["-c", "words", "--references", "gold.csv", "--baseline", "half.csv"]
    for name in ("board.json", "board.md"):
        assert run(["compare", "good.csv", *fixed, "--out", name]) == 0
    found = json.loads(Path("board.json").read_text(), parse_constant=pytest.fail)
    assert [row["low"] for row in found["leaderboard"]] == [None, None]
    assert "| — |" in Path("board.md").read_text()
    capsys.readouterr()
    assert (
        run(["score", "--predictions", "good.csv", "-c", "words", "--references", "gold.csv"]) == 0
    )
    assert "—" in capsys.readouterr().out
