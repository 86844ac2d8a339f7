from __future__ import annotations

import json
from pathlib import Path

import pytest

from submission.cli import run
from submission.runs.ledger import Ledger
from tests.submission.commands.sample_ledger import make


@pytest.fixture(autouse=True)
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    return make(Path("ledger.db"))


def recorded(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    capsys.readouterr()
    assert run(["record", "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_recorded_score_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["record", "whole", "--public", "0.7123"]) == 0
    assert "Recorded for 'whole': public 0.7123." in capsys.readouterr().out
    assert run(["record"]) == 0
    assert "0.7123" in capsys.readouterr().out
    (kept,) = recorded(capsys)
    assert (kept["run"], kept["public"], kept["private"]) == ("whole", 0.7123, None)
    assert kept["competition"] == "sample-wallpaper"


def test_a_score_on_another_scale_is_asked_about(capsys: pytest.CaptureFixture[str]) -> None:
    with Ledger(Path("ledger.db")) as book:
        book._db.execute("UPDATE run SET competition = 'dacon-236291'")
    assert run(["record", "whole", "--public", "0.7123"]) == 0
    assert "scores from 0 to 100, and 0.7123 was recorded" in capsys.readouterr().err


def test_recording_again_replaces_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    run(["record", "whole", "--public", "0.7"])
    assert run(["record", "whole", "--public", "0.71", "--private", "0.69"]) == 0
    assert "Replaced: public 0.7." in capsys.readouterr().err
    (kept,) = recorded(capsys)
    assert (kept["public"], kept["private"]) == (0.71, 0.69)


def test_a_private_score_joins_the_public_one(capsys: pytest.CaptureFixture[str]) -> None:
    run(["record", "whole", "--public", "0.7"])
    assert run(["record", "whole", "--private", "0.69"]) == 0
    (kept,) = recorded(capsys)
    assert (kept["public"], kept["private"]) == (0.7, 0.69)


def test_another_public_score_drops_the_old_private_one(capsys: pytest.CaptureFixture[str]) -> None:
    run(["record", "whole", "--public", "0.7", "--private", "0.69"])
    run(["record", "whole", "--public", "0.8"])
    assert recorded(capsys)[0]["private"] is None


def test_nothing_recorded_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["record"]) == 0
    assert "No public score is recorded" in capsys.readouterr().out
    assert run(["record", "half"]) == 0
    assert "No public score of 'half'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("record half --public 0.7", "'half' is not finished"),
        ("record gone --public 0.7", "No run 'gone'"),
        ("record gone", "No run 'gone'"),
        ("record --public 0.7", "Name the run"),
        ("record whole --private 0.7", "no public score yet"),
        ("record whole --public nan", "is not a score"),
        ("record whole --public 71.23", "has scores from 0 to 1"),
        ("record whole --public 0.7 --private -1", "has scores from 0 to 1"),
        ("record whole --public 0.7 --ledger none.db", "no ledger at none.db"),
    ],
)
def test_what_is_no_record_is_refused_and_nothing_kept(
    arguments: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments.split()) == 2
    assert says in capsys.readouterr().err
    assert recorded(capsys) == []
    assert not Path("none.db").exists()


def test_a_run_started_over_keeps_what_its_submission_got(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(["record", "whole", "--public", "0.7"])
    with Ledger(Path("ledger.db")) as book:
        book.begin(book.run("whole"), [], fresh=True)
    assert recorded(capsys)[0]["public"] == 0.7
