import json
from pathlib import Path

import pytest

from submission.cli import run
from submission.tables import read_table
from tests.submission.commands.sample_ledger import ANSWERS, make


@pytest.mark.parametrize("suffix", [".csv", ".json", ".jsonl"])
def test_answers_come_back_exactly(
    suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / f"answers{suffix}"

    assert run(["export", "whole", "--out", str(out), "--ledger", ledger(tmp_path)]) == 0

    table = read_table(out)
    assert table.columns == ("id", "question", "answer")
    assert table.column("id") == list(ANSWERS)
    assert table.column("answer")[1] == '=2, "둘" 입니다'  # nothing put before the "="
    assert "5 rows" in capsys.readouterr().err


def test_jsonl_is_one_object_a_line(tmp_path: Path) -> None:
    out = tmp_path / "answers.jsonl"
    run(["export", "whole", "--out", str(out), "--ledger", ledger(tmp_path)])

    first = json.loads(out.read_text("utf-8").splitlines()[0])
    assert first == {
        "id": "TEST_000",
        "question": ANSWERS["TEST_000"][0],
        "answer": "습기 때문입니다.",
    }


def test_an_unfinished_run_is_refused_unless_partial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, book = tmp_path / "answers.csv", ledger(tmp_path)

    assert run(["export", "half", "--out", str(out), "--ledger", book]) == 2
    assert "2 of 5 rows are answered" in capsys.readouterr().err
    assert not out.exists()

    assert run(["export", "half", "--partial", "--out", str(out), "--ledger", book]) == 0
    assert "2 of 5 rows" in capsys.readouterr().err
    assert read_table(out).column("id") == ["TEST_000", "TEST_001"]


def test_partial_without_any_answer_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["export", "bare", "--partial", "--out", str(tmp_path / "x.csv")]

    assert run([*arguments, "--ledger", ledger(tmp_path)]) == 2
    assert "no answered row" in capsys.readouterr().err


def test_a_sample_is_chosen_by_its_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "answers.csv"
    book = str(make(tmp_path / "samples.db", samples=2))

    assert run(["export", "whole", "--sample", "1", "--out", str(out), "--ledger", book]) == 0
    assert read_table(out).column("answer")[0] == "습기 때문입니다. 1"
    assert run(["export", "whole", "--sample", "2", "--out", str(out), "--ledger", book]) == 2
    assert "no sample 2" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["answers.xlsx", "answers"])
def test_another_format_is_refused(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name

    assert run(["export", "whole", "--out", str(out), "--ledger", ledger(tmp_path)]) == 2
    assert ".csv, .json, .jsonl" in capsys.readouterr().err


def test_a_folder_that_does_not_exist_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "file" / "x.csv"
    (tmp_path / "file").write_text("in the way")

    assert run(["export", "whole", "--out", str(out), "--ledger", ledger(tmp_path)]) == 2
    assert str(out) in capsys.readouterr().err


def test_an_unknown_run_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["export", "other", "--partial", "--out", str(tmp_path / "x.csv")]

    assert run([*arguments, "--ledger", ledger(tmp_path)]) == 2
    assert "No run 'other'" in capsys.readouterr().err


def ledger(tmp_path: Path) -> str:
    path = tmp_path / "ledger.db"
    return str(path if path.exists() else make(path))
