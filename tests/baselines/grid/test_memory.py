"""Peak memory of a block, of this process and of those it starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from baselines.grid.journal import Journal, Taken
from baselines.grid.memory import PeakMemory


def test_memory_that_is_freed_before_the_end_counts_and_earlier_peaks_do_not() -> None:
    earlier = bytearray(200 << 20)
    del earlier
    with PeakMemory() as idle:
        pass
    with PeakMemory() as busy:
        block = bytearray(100 << 20)
        del block
    assert idle.mib is not None
    assert busy.mib is not None
    assert 80 < busy.mib - idle.mib < 150
    assert busy.gpu_mib is None or busy.gpu_mib >= 0


def test_processes_that_the_block_started_count() -> None:
    with PeakMemory() as idle:
        pass
    with PeakMemory() as busy:
        code = "block = bytearray(100 << 20); print(flush=True); input()"
        child = subprocess.Popen(
            [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
    child.communicate(b"\n")
    assert idle.mib is not None
    assert busy.mib is not None
    assert busy.mib - idle.mib > 90


def test_the_journal_keeps_the_larger_of_two_parts(tmp_path: Path) -> None:
    Journal(tmp_path).note("a", Taken(peak_memory_mib=10.0))
    Journal(tmp_path).note("a", Taken(peak_memory_mib=7.0, gpu_peak_memory_mib=3.0))

    kept = Journal(tmp_path).taken("a")
    assert kept == Taken(peak_memory_mib=10.0, gpu_peak_memory_mib=3.0)
    assert Journal(tmp_path).taken("b") == Taken()


def test_a_damaged_journal_is_no_reason_to_stop(tmp_path: Path) -> None:
    for text in ("{", "[]", '{"a": {"peak_memory_mib": "much"}}'):
        (tmp_path / "memory.json").write_text(text)
        assert Journal(tmp_path).taken("a") == Taken()
