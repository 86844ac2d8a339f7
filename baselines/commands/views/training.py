"""What a training's end looks like, for people and for programs."""

from __future__ import annotations

from pathlib import Path

from baselines.training.report import Report
from submission.terminal.output import print_json, tell


def print_training(report: Report, out: Path, *, as_json: bool) -> None:
    """The report on what became ``out``. Raises ``Stopped`` where the loss became NaN."""
    if as_json:
        print_json(report.as_json())
    else:
        tell(f"{out}: {report.summary()}")
    report.refuse_if_diverged()
