"""What a training's end looks like, for people and for programs."""

from __future__ import annotations

from pathlib import Path

import click

from baselines.training.report import Report
from submission.commands.options import print_json


def print_training(report: Report, out: Path, *, as_json: bool) -> None:
    """The report on what became ``out``. Raises ``Stopped`` where the loss became NaN."""
    if as_json:
        print_json(report.as_json())
    else:
        click.echo(f"{out}: {report.summary()}")
    report.refuse_if_diverged()
