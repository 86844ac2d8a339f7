"""An ablation that is killed goes on where it was, to the same tables."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pandas as pd

from baselines.grid.records import COST
from tests.baselines.ablation.conftest import replace

PROJECT = Path(__file__).resolve().parents[3]
TAKEN = {"seconds", "peak_memory_mib", "gpu_peak_memory_mib"}


def start(folder: Path, ledger: str, seconds: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "submission.cli", "ablate", str(folder / "grid.toml"), "--ledger",
         str(folder / ledger)],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(PROJECT), str(folder / "site")]),
            "COUNTING_SECONDS": seconds,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )  # fmt: skip


def finish(folder: Path, ledger: str) -> dict[str, pd.DataFrame]:
    process = start(folder, ledger, "0")
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said.decode()
    cells = pd.read_csv(folder / "results" / "cells.csv")
    assert set(COST) >= TAKEN
    return {
        "cells": cells.drop(columns=sorted(TAKEN)),
        "effects": pd.read_csv(folder / "results" / "effects.csv"),
        "interactions": pd.read_csv(folder / "results" / "interactions.csv"),
    }


def recorded(ledger: Path) -> int:
    if not ledger.exists():
        return 0
    with closing(sqlite3.connect(ledger, timeout=30)) as database:
        try:
            return int(database.execute("SELECT count(*) FROM completion").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_killed_within_and_between_cells_it_ends_with_the_same_tables(counting: Path) -> None:
    # Three cells of a model-free engine, each slow enough to be met running.
    replace(counting, '"model.name" = ["m", "longer"]', '"model.name" = ["m"]')
    replace(counting, "seeds = [3, 4]", "seeds = [3]")
    uninterrupted = finish(counting, "whole.db")
    total = recorded(counting / "whole.db")
    first_cell = uninterrupted["cells"]["prompts"].iloc[0]

    draw = random.Random(4)  # noqa: S311 -- the same places every time
    places = sorted({int(first_cell), *draw.sample(range(5, total - 10), 3)})
    for place in places:
        process = start(counting, "killed.db", "0.03")
        deadline = time.monotonic() + 120
        while recorded(counting / "killed.db") < place:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.002)
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert place <= recorded(counting / "killed.db") < total
    resumed = finish(counting, "killed.db")

    assert recorded(counting / "killed.db") == total
    for name, table in uninterrupted.items():
        pd.testing.assert_frame_equal(resumed[name], table)
