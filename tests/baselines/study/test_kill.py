"""A study that is killed goes on where it was, to the same tables."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pandas as pd
import pytest

from submission.adapters.config import MANIFEST
from tests.baselines.study.conftest import replace, start, study_in

TRAININGS = 4


def ended(folder: Path) -> dict[Path, int]:
    """The finished trainings' reports, and when each was written."""
    kinds = ("model", "adapter")
    found = [path for kind in kinds for path in folder.glob(f"results/models/*/{kind}/{MANIFEST}")]
    return {path: path.stat().st_mtime_ns for path in found}


def test_killed_among_trainings_it_keeps_those_that_ended(
    folder: Path, whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (folder / "study.toml").read_text("utf-8")
    summary = text[text.index("[tasks.summary]") : text.index("[axes]")]
    replace(folder, summary, "")
    process = start(folder)
    deadline = time.monotonic() + 300
    while len(ended(folder)) < 2:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = ended(folder)
    assert 2 <= len(done) < TRAININGS
    assert not (folder / "results" / "study.csv").exists()

    found = study_in(folder, capsys)

    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    assert found["said"].count("samples, at most") == TRAININGS - len(done)
    tables = [path.relative_to(whole) for path in whole.glob("results/*/*.csv")]
    assert len(tables) == 8
    for path in tables:
        assert (folder / path).read_bytes() == (whole / path).read_bytes()
    kept = ["run", "score", "comet", "difference", "trained_parameters", "loss_last"]
    again, once = (
        pd.read_csv(each / "results" / "study.csv").query("task == 'koen'")[kept]
        for each in (folder, whole)
    )
    pd.testing.assert_frame_equal(again, once)
