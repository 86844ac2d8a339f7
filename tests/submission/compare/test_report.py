"""``compare --html`` and ``--plots``: the page and the plots as files."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from submission.cli import run

GOLD = {"A": "가 나", "B": "다 라", "C": "마 바", "D": "사 아"}
HOSTILE = "</script><script>alert(1)</script>"
SUBJECTS = ["compare", "good.csv", "-c", "sample-wallpaper", "--references", "gold.csv"]


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEADERKIT_LEDGER", "ledger.db")
    for name, column, answers in (
        ("gold", "답변_1", GOLD),
        ("good", "answer", {**GOLD, "D": HOSTILE}),
        ("half", "answer", {row: text[0] for row, text in GOLD.items()}),
    ):
        pd.Series(answers, name=column).to_csv(f"{name}.csv", index_label="id")


def test_a_page_is_one_file_that_runs_nothing_an_answer_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run([*SUBJECTS, "--baseline", "half.csv", "--html", "report.html", "--json"]) == 0
    page = Path("report.html").read_text("utf-8")
    assert page.lower().startswith("<!doctype html>")
    assert HOSTILE not in page
    assert "good.csv" in page
    assert json.loads(capsys.readouterr().out)["files"] == ["report.html"]


def test_plots_are_files_of_both_kinds() -> None:
    assert run([*SUBJECTS, "--baseline", "half.csv", "--plots", "plots"]) == 0
    kinds = {path.suffix for path in Path("plots").iterdir()}
    assert kinds == {".svg", ".png"}


def test_a_page_that_cannot_be_written_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    assert run([*SUBJECTS, "--baseline", "half.csv", "--html", "folder"]) == 2
    assert "folder: is a folder" in capsys.readouterr().err
