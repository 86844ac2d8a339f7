"""An ablation's report: its runs, and the effects for the page and the plots."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from baselines.ablation.page import ablation_report
from baselines.ablation.run import read_grid, run_grid
from evaluators.report.wording import say
from submission.runs.ledger import Ledger


def test_the_report_has_every_run_and_every_main_effect(folder: Path) -> None:
    with Ledger(folder / "l.db") as book:
        results = run_grid(read_grid(folder / "grid.toml"), book, print, command="")
        report = ablation_report(results, book)

    assert {run.name for run in report.runs} == {trial.run for trial in results.grid.trials}
    assert report.baseline == "grid/nearest,split"
    assert [(each.axis, each.level) for each in report.effects] == [
        ("engine.name", "nearest"),
        ("engine.name", "constant"),
        ("mode", "split"),
        ("mode", "whole"),
    ]
    assert results.effects is not None
    for shown, found in zip(report.effects, results.effects.main, strict=True):
        assert (shown.effect, shown.low, shown.high) == pytest.approx(found.effect)
    assert [note for note in results.notes if note not in report.notes] == []
    assert all(re.search("[가-힣]", say(note.key, "ko", **note.filled)) for note in results.notes)
