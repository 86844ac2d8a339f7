import json
import re
from pathlib import Path

import pytest

from submission.cli import run
from submission.runs.ledger import Ledger
from tests.submission.commands.sample_ledger import make

SCORE = {
    "metric": "cosine", "value": 0.5, "low": 0.4, "high": 0.6, "n": 5, "direction": "higher",
    "signature": "cosine|v1|offline", "proxy": True,
}  # fmt: skip


def kept(tmp_path: Path) -> str:
    path = make(tmp_path / "ledger.db")
    with Ledger(path) as book:
        book.save_score("whole", "digest", SCORE, {"TEST_000": 0.5})
        book.save_submission(tmp_path / "s.csv", "abc", "whole", {"uploadable": False})
    return str(path)


def test_shows_the_run_its_degenerate_answers_scores_and_submissions(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "whole", "--ledger", kept(tmp_path)]) == 0

    out = capsys.readouterr().out
    assert "5 of 5 rows" in out
    assert "50 tokens in 2.0 s (25 tokens/s)" in out
    assert "Empty: 2" in out
    assert "Cut off by length: 1" in out
    assert "With a prompt longer than the context: 1" in " ".join(out.split())
    assert "Echoing the question: 1" in out
    assert re.search(r"cosine +0\.\d{4}.* proxy +cosine", out)
    assert "0.400 … 0.600" in " ".join(out.split())
    assert "TEST_003" in out


def test_json_has_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["show", "whole", "--json", "--ledger", kept(tmp_path)]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["recipe"]["model"]["name"] == "embedded"
    assert shown["degenerate"] == {
        "empty": 2, "cut_off": 1, "too_long": 1, "unfinished_thinking": 0, "unmarked": 0,
        "malformed": 0, "echoed": 1, "looping": 0, "wrong_language": 0,
        "duplicated": 0, "any": 3,
    }  # fmt: skip
    assert shown["mended"] == 0
    assert [row["id"] for row in shown["degenerate_rows"]["empty"]] == ["TEST_002", "TEST_004"]
    assert shown["tokens_per_second"] == 25
    assert shown["scores"] == [SCORE]
    assert shown["submissions"][0]["sha256"] == "abc"
    assert shown["submissions"][0]["uploadable"] is False


def test_an_unfinished_run_counts_the_rows_it_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = kept(tmp_path)

    assert run(["show", "half", "--json", "--ledger", ledger]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["done"], shown["rows"], shown["degenerate"]["empty"]) == (2, 5, 0)

    assert run(["show", "bare", "--ledger", ledger]) == 0
    out = capsys.readouterr().out
    assert "0 of 5 rows, resumed by the command below" in out
    assert "leaderkit generate tiny --run bare" in out


def test_an_unknown_run_names_those_there_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["show", "other", "--ledger", kept(tmp_path)]) == 2
    assert "No run 'other'" in capsys.readouterr().err
