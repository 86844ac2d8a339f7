"""How much memory this process and those it started took at most."""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB", re.MULTILINE)
_RESET_PEAK = "5"


class PeakMemory:
    """Measures while its block runs; ``mib`` and ``gpu_mib`` are in MiB, None where unknown.

    ``mib`` adds up each process's own peak of resident memory (VmHWM, proc_pid_status(5)), those of
    the engine's processes included. ``gpu_mib`` is what torch reserved in this process.
    """

    def __init__(self) -> None:
        self.mib: float | None = None
        self.gpu_mib: float | None = None

    def __enter__(self) -> Self:
        for process in _family():
            # Writing 5 sets the peak back to what is resident now; proc_pid_clear_refs(5).
            with suppress(OSError):
                (process / "clear_refs").write_text(_RESET_PEAK)
        if (cuda := _cuda()) is not None:
            cuda.reset_peak_memory_stats()
        return self

    def __exit__(self, *_: object) -> None:
        peaks = []
        for process in _family():
            with suppress(OSError):
                peaks += [int(kib) for kib in _PEAK.findall((process / "status").read_text())]
        if peaks:
            self.mib = sum(peaks) / 1024
        if (cuda := _cuda()) is not None:
            self.gpu_mib = cuda.max_memory_reserved() / 2**20


def _cuda() -> Any:
    """torch.cuda where this process uses it already; asking must not start it."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None


def _family() -> list[Path]:
    """This process and all that descend from it."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError, IndexError):
            # The second field is the command in parentheses, which may hold anything.
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents[int(folder.name)] = int(fields[1])
    family = {os.getpid()}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return [Path("/proc") / str(pid) for pid in sorted(family)]
