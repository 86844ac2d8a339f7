"""What the ledger does not keep of a trial: the memory it took. It outlives a killed grid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ValidationError

from baselines.grid.memory import PeakMemory
from submission.files.atomic import write_bytes

NAME = "memory.json"


class Taken(BaseModel):
    """Peak memory in MiB; None is unknown."""

    peak_memory_mib: float | None = None
    gpu_peak_memory_mib: float | None = None

    @classmethod
    def of(cls, peak: PeakMemory) -> Self:
        """What was measured."""
        return cls(peak_memory_mib=peak.mib, gpu_peak_memory_mib=peak.gpu_mib)


class Journal:
    """The memory that runs took, by name of run, in a file beside the results."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._runs: dict[str, Taken] = {}
        try:
            found = json.loads(self._path.read_text("utf-8"))
            self._runs = {run: Taken.model_validate(each) for run, each in found.items()}
        except (OSError, ValueError, AttributeError, ValidationError):
            # Costs are worth keeping and not worth stopping for.
            self._runs = {}

    def taken(self, run: str) -> Taken:
        """What a run took, as far as it is known."""
        return self._runs.get(run, Taken())

    def note(self, run: str, taken: Taken) -> None:
        """Keep what a run took; of two parts of a run that was stopped, the larger."""
        known = self.taken(run)
        self._runs[run] = Taken(
            peak_memory_mib=_larger(known.peak_memory_mib, taken.peak_memory_mib),
            gpu_peak_memory_mib=_larger(known.gpu_peak_memory_mib, taken.gpu_peak_memory_mib),
        )
        kept = {run: each.model_dump() for run, each in self._runs.items()}
        write_bytes(self._path, json.dumps(kept, ensure_ascii=False, indent=1).encode() + b"\n")


def _larger(one: float | None, other: float | None) -> float | None:
    known = [each for each in (one, other) if each is not None]
    return max(known, default=None)
