import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from submission.cli import run
from submission.runs import database
from submission.runs.ledger import Ledger
from tests.submission.commands.sample_ledger import make


def test_lists_runs_with_their_progress(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make(tmp_path / "ledger.db")

    assert run(["runs", "--ledger", str(ledger)]) == 0

    out = capsys.readouterr().out
    assert "whole" in out
    assert "5/5" in out
    assert "2/5" in out
    assert "tiny[b]" in out  # no markup


def test_json_has_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = make(tmp_path / "ledger.db")

    assert run(["runs", "--ledger", str(ledger), "--json"]) == 0

    listed = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in listed] == ["whole", "half", "bare"]
    assert listed[0]["recipe"] == "tiny[b]"
    assert listed[0]["finished"]
    assert (
        listed[1] | {"rows": 5, "done": 2, "completion_tokens": 20, "finished": None} == listed[1]
    )


def test_a_run_of_another_version_is_listed_without_its_degenerate_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger = make(tmp_path / "ledger.db")
    with Ledger(ledger) as book:
        recipe = '{"name": "old", "gone": 1}'
        book.begin(replace(book.run("whole"), name="old", recipe=recipe), [], fresh=False)

    assert run(["runs", "--ledger", str(ledger), "--json"]) == 0

    listed = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert listed["old"]["degenerate"] is None
    assert listed["whole"]["degenerate"]["empty"] == 2


def test_a_ledger_that_another_process_keeps_locked_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = make(tmp_path / "ledger.db")
    monkeypatch.setattr(database, "WRITERS_WAIT_SECONDS", 0.1)

    with closing(sqlite3.connect(ledger, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert run(["runs", "--ledger", str(ledger)]) == 2

    assert "database is locked" in capsys.readouterr().err


def test_an_empty_ledger_has_no_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger(tmp_path / "ledger.db").close()

    assert run(["runs", "--ledger", str(tmp_path / "ledger.db")]) == 0
    assert "No runs" in capsys.readouterr().out
    assert run(["runs", "--ledger", str(tmp_path / "ledger.db"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize(
    "arguments", [["runs"], ["show", "x"], ["export", "x", "--out", "x.csv"]], ids=lambda a: a[0]
)
def test_a_missing_ledger_is_an_error_and_is_not_made(
    arguments: list[str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)

    assert run(arguments) == 2

    assert "Error: no ledger at runs/ledger.db" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_ledger_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.db").write_text("no database, but long enough to be read as one" * 100)

    assert run(["runs", "--ledger", str(tmp_path / "x.db")]) == 2
    assert "cannot be used as a ledger" in capsys.readouterr().err


def test_the_ledger_is_also_an_environment_variable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEADERKIT_LEDGER", str(make(tmp_path / "elsewhere.db")))

    assert run(["runs"]) == 0
    assert "whole" in capsys.readouterr().out
