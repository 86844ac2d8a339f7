"""What a score is called, on which scale it is, and the message where there is none."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from submission.cli import run
from submission.runs.ledger import Ledger
from tests.evaluators.judge.chat_server import Answer, chat_server

EMBEDDED = Path(__file__).parents[3] / "data_sample" / "embedded"


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    Path("r.csv").write_text("id,answer\nA,서울 특별시\nB,12만 명\n", encoding="utf-8")
    Path("p.csv").write_text("id,answer\nA,서울\nB,12만 명\n", encoding="utf-8")


def score(*arguments: str) -> int:
    return run(["score", "--predictions", "p.csv", "--references", "r.csv", *arguments])


def scores(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert score(*arguments, "--json") == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["scores"]
    return found


SIDES = ("--metric", "rouge1:tokenizer=whitespace,stat=p")
OTHER = ("--metric", "rouge1:tokenizer=whitespace,stat=r")


def test_one_metric_with_two_options_is_two_numbers_of_two_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = scores(capsys, *SIDES, *OTHER, "--rows", "rows.csv")
    named = {each["metric"]: each["value"] for each in found}
    # 서울 of 서울 특별시: precision 1, recall 1/2; the other row is right.
    assert named == {SIDES[1]: 1.0, OTHER[1]: 0.75}
    with Path("rows.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["metric"], row["id"]): float(row["value"]) for row in csv.DictReader(file)}
    assert rows == {
        (SIDES[1], "A"): 1,
        (SIDES[1], "B"): 1,
        (OTHER[1], "A"): 0.5,
        (OTHER[1], "B"): 1,
    }


def test_a_metric_named_twice_is_scored_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert len(scores(capsys, *SIDES, *SIDES)) == 1


def test_the_profiles_number_and_the_one_asked_for_have_names_and_signatures_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = scores(capsys, "-c", "squad-odqa", "--metric", "f1:rule=squad", "--metric", "em")
    named = {each["metric"]: each for each in found}
    assert list(named) == ["em", "f1:rule=squad", "--metric f1:rule=squad", "--metric em"]
    assert named["em"]["value"] == 50
    assert named["--metric em"]["value"] == 0.5
    assert named["f1:rule=squad"]["value"] == pytest.approx(100 * (2 / 3 + 1) / 2)
    assert named["--metric f1:rule=squad"]["value"] == pytest.approx((2 / 3 + 1) / 2)
    assert len({each["signature"] for each in found}) == 4
    assert "|scale:100|v:" in named["em"]["signature"]
    assert "scale" not in named["--metric em"]["signature"]


def test_the_ledger_tells_them_apart() -> None:
    news = ["-c", "dacon-236291"]
    Path("t.csv").write_text("id,context,question\nA,가,하나?\nB,나,둘?\n", encoding="utf-8")
    made = ["--test", "t.csv", "--set", "answer=서울", "--run", "one"]
    assert run(["generate", "constant", *news, *made]) == 0
    asked = ["--run", "one", "--references", "r.csv", *SIDES, *OTHER, "--metric", "f1"]
    assert run(["score", *news, *asked]) == 0
    with Ledger(Path("ledger.db")) as ledger:
        kept = [each["metric"] for each in ledger.scores("one")]
    assert kept == ["f1", SIDES[1], OTHER[1], "--metric f1"]


@pytest.mark.parametrize(
    "metrics",
    [["cosine"], ["cosine", "em"], ["em", "cosine"], ["cosine:references=max,clip=0"]],
)
def test_cosine_without_an_encoder_says_which_option_helps(
    capsys: pytest.CaptureFixture[str], metrics: list[str]
) -> None:
    asked = [part for each in metrics for part in ("--metric", each)]
    assert score(*asked) == 2
    said = capsys.readouterr().err
    assert "No encoder is declared: give one with --encoder" in said
    assert "Traceback" not in said
    found = scores(capsys, *asked, "--encoder", "offline")
    assert {each["metric"]: each["proxy"] for each in found} == {
        each: each.startswith("cosine") for each in metrics
    }


def test_a_wrong_metric_without_a_competition_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--metric", "rogue1") == 2
    assert "perhaps 'rouge1'" in capsys.readouterr().err


def test_references_in_a_column_of_another_name_are_pointed_at(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("r.csv").write_text("id,gold\nA,서울\nB,12만 명\n", encoding="utf-8")
    assert score("--metric", "em") == 2
    said = capsys.readouterr().err
    assert "r.csv: no column 'answer'. It has id, gold" in said
    assert "--reference-column" in said
    assert score("--metric", "em", "--reference-column", "gold") == 0


@pytest.mark.parametrize("metric", ["em:rule=klue", "f1:rule=klue", "rougeW"])
def test_rules_with_unanswerable_questions_take_an_empty_reference(
    capsys: pytest.CaptureFixture[str], metric: str
) -> None:
    Path("r.csv").write_text("id,answer\nA,\nB,12만 명\n", encoding="utf-8")
    Path("p.csv").write_text("id,answer\nA,\nB,12만 명\n", encoding="utf-8")
    assert [each["value"] for each in scores(capsys, "--metric", metric)] == [1.0]
    assert score("--metric", "em") == 2
    assert "the row has no reference answer" in capsys.readouterr().err


def culture(tmp_path: Path, *kinds: str) -> list[str]:
    rows = [
        {"id": str(n), "input": {"question_type": kind}, "output": {"answer": "3"}}
        for n, kind in enumerate(kinds)
    ]
    for name in ("r.json", "p.json"):
        Path(name).write_text(json.dumps(rows, ensure_ascii=False), encoding="utf-8")
    return ["-c", "nikl-2025-culture", "--predictions", "p.json", "--references", "r.json"]


def test_rows_of_an_unknown_kind_are_unscored_and_named(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    files = culture(tmp_path, "선다형", "주관식", "", "주관식", "주관식", "단답형")
    assert run(["score", *files, "--json"]) == 0
    found = json.loads(
        capsys.readouterr().out, parse_constant=lambda name: pytest.fail(f"{name} in JSON")
    )["scores"]
    assert (found[0]["value"], found[0]["low"], found[0]["high"]) == (100, 100, 100)
    assert found[0]["n"] == 2
    (warning,) = [each for each in caplog.messages if "are not scored" in each]
    assert "4 of 6 rows belong to none of 선다형, 단답형, 서술형" in warning
    assert warning.endswith("'(empty)' 1, '주관식' 3")


def test_where_every_kind_is_known_nothing_is_said(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    assert run(["score", *culture(tmp_path, "선다형", "단답형"), "--json"]) == 0
    assert not caplog.messages


def test_a_model_folder_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--metric", "bertscore:model=/nope") == 2
    said = capsys.readouterr().err
    assert "model '/nope': there is no such folder. Give a local copy with" in said


@pytest.mark.parametrize("metric", ["comet", "bleurt", "bertscore:model=nobody/nothing"])
def test_a_model_that_is_not_here_is_looked_for_with_options_of_ours(
    capsys: pytest.CaptureFixture[str], metric: str
) -> None:
    assert score("--metric", metric) == 2
    said = capsys.readouterr().err
    assert "it is not on this machine" in said
    assert "--metric-model" in said
    assert "local_files_only" not in said


@pytest.mark.parametrize(
    "metric",
    [
        "judge:model=m,base_url=http://127.0.0.1:9/v1,rubric=/nope",
        "bertscore:model=MODEL,layer=99",
        "bertscore:model=MODEL,baseline=xx",
        "bertscore",
    ],
)
def test_what_a_copy_would_not_mend_names_no_copy(
    capsys: pytest.CaptureFixture[str], metric: str
) -> None:
    assert score("--metric", metric.replace("MODEL", str(EMBEDDED))) == 2
    assert "--metric-model" not in capsys.readouterr().err


def test_fast_without_a_metric_that_takes_it_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert score("--metric", "em", "--fast") == 0
    assert "--fast has no effect here" in capsys.readouterr().err
    assert score("--metric", "em") == 0
    assert "--fast" not in capsys.readouterr().err


FINANCE = ("-c", "dacon-236527", "--encoder", "offline")


def test_open_finance_questions_without_keywords_are_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("r.csv").write_text("ID,Answer\nA,전자금융거래법이다\nB,3\n", encoding="utf-8")
    Path("p.csv").write_text("ID,Answer\nA,전자금융거래법\nB,정답은 C\n", encoding="utf-8")
    assert score(*FINANCE) == 2
    said = capsys.readouterr().err
    assert "row 'A' is an open question without keywords" in said
    assert "'keywords'" in said


def test_finance_letters_without_options_are_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    Path("r.csv").write_text("ID,Answer,keywords\nA,가,가\nB,3,\n", encoding="utf-8")
    Path("p.csv").write_text("ID,Answer\nA,가\nB,정답은 C\n", encoding="utf-8")
    assert score(*FINANCE) == 0
    assert any("1 answers give a letter where the gold is a number" in m for m in caplog.messages)


MARKER = "s3cret"
SECRET = f"http://user:{MARKER}@127.0.0.1:8765/v1?key={MARKER}"


def everything_kept(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("as_json", [(), ("--json",)])
@pytest.mark.parametrize(
    "address",
    [
        SECRET,
        f"http://{MARKER}@h/v1",
        f"http://h/v1?key={MARKER}",
        f"http://h/v1?{MARKER},{MARKER}",
    ],
)
def test_an_address_that_holds_a_secret_is_refused_and_not_repeated(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, address: str, as_json: tuple[str, ...]
) -> None:
    assert score("--metric", f"judge:model=m,base_url={address}", *as_json) == 2
    out, err = capfd.readouterr()
    assert "OPENAI_BASE_URL" in err
    assert MARKER not in out + err
    assert MARKER.encode() not in everything_kept(tmp_path)


def test_the_secrets_of_the_environments_address_are_neither_shown_nor_kept(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with chat_server(lambda *_: Answer("[[7]]")) as log:
        host = log.url.removeprefix("http://")
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://user:{MARKER}@{host}?key={MARKER}")
        monkeypatch.setenv("OPENAI_API_KEY", MARKER)
        judge = ("--metric", "judge:model=m,cache=replies.jsonl")
        assert score(*judge) == score(*judge, "--json") == 0
    # Nobody answers any more.
    assert score("--metric", "judge:model=m,retries=0") != 0
    out, err = capfd.readouterr()
    assert "server:127.0.0.1" in out
    assert MARKER not in out + err
    assert MARKER.encode() not in everything_kept(tmp_path)
