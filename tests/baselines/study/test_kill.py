"""A study that is killed goes on where it was, to the same tables."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from baselines.training.report import MANIFEST
from tests.baselines.study.conftest import prepare, replace, start, study_in


def test_killed_between_trainings_it_keeps_those_that_ended(
    tmp_path: Path, models: Path, capsys: pytest.CaptureFixture[str]
):
    folders = [prepare(tmp_path / name, models) for name in ("killed", "whole")]
    for folder in folders:
        replace(folder, "[[exclude]]", '[[exclude]]\nrank = "2"\n[[exclude]]')
        replace(folder, '\n[[exclude]]\nmethod = "lora"\nrows = "2"\nrank = "2"\n', "")
    killed, whole = folders

    process = start(killed)
    deadline = time.monotonic() + 120
    while len(list(killed.glob(f"results/models/*/*/{MANIFEST}"))) < 3:
        assert process.poll() is None, "ended before it could be killed"
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    done = {path: path.stat().st_mtime_ns for path in killed.glob(f"results/models/*/*/{MANIFEST}")}
    assert not (killed / "results" / "study.csv").exists()

    resumed = study_in(killed, capsys)
    expected = study_in(whole, capsys)

    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    trained = resumed["said"].count("samples, at most")
    assert trained == expected["said"].count("samples, at most") - len(done)
    for path in whole.glob("results/*/*.csv"):
        assert (killed / path.relative_to(whole)).read_bytes() == path.read_bytes()
    scores = [
        {each["run"]: (each["score"], each["comet"]) for each in found["runs"]}
        for found in (resumed, expected)
    ]
    assert scores[0] == scores[1]
