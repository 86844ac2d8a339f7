"""A pipeline over a corpus, killed at random moments: it ends in the bytes of one that was not."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from random import Random

import pytest

from tests.baselines.corpus.commanded import (
    PIPELINE,
    contents,
    corpus_of_parts,
    noted,
    said,
    start,
    wait_for,
    without_workers,
)

PARTS = 15
FURTHEST = 8_000
"""Bytes of what is noted as finished between two kills at most: some parts."""
LATER = """
[[steps]]
step = "mask"

[[steps]]
step = "dedup"
"""


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_a_killed_pipeline_goes_on_to_the_same_bytes(form: str, tmp_path: Path) -> None:
    wanted = int(os.environ.get("LEADERKIT_CRASH_KILLS") or 2)
    corpus_of_parts(tmp_path / "in", PARTS, rows=20)
    pipeline = tmp_path / "pipeline.toml"
    pipeline.write_text(PIPELINE + LATER, "utf-8")
    code, told = said("run", pipeline, "--out", tmp_path / "one", "--form", form, "--workers", "1")
    assert code == 0, told
    whole = contents(tmp_path / "one")
    assert len(whole) > 4 * PARTS

    chance, kills, out = Random(form), 0, tmp_path / "killed-0"  # noqa: S311
    while True:
        process = start("run", pipeline, "--out", out, "--form", form, "--workers", "2")
        if kills < wanted:
            wait_for(out, noted(out) + chance.randrange(FURTHEST), process)
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
        told = process.communicate(timeout=120)[0]
        if process.returncode == 0:
            assert contents(out) == whole
            if kills >= wanted:
                return
            # A pipeline has only so many parts to be killed in: the next kill is another's.
            out = tmp_path / f"killed-{kills}"
            continue
        assert process.returncode == -signal.SIGKILL, told
        assert without_workers(process)
        kills += 1
