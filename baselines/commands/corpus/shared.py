"""What the commands of ``leaderkit corpus`` have in common: options, and what they print."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import rich_click as click

from submission.commands import options
from submission.terminal.output import note, print_json, tell, warn
from submission.terminal.tables import print_table

if TYPE_CHECKING:
    from baselines.corpus.execute import Outcome

WORKERS = click.option(
    "--workers",
    type=click.IntRange(1, 256),
    default=lambda: len(os.sched_getaffinity(0)),
    show_default="all processors",
    help="Processes; the output is the same for any number.",
)
FORM = click.option(
    "--form",
    type=click.Choice(["jsonl", "parquet"]),
    default="jsonl",
    show_default=True,
    help="Format of the part files.",
)
STEP_OPTIONS = (
    click.option("--out", type=options.PLACE, help="New folder for the records."),
    WORKERS,
    FORM,
    click.option(
        "--dry-run", is_flag=True, help="Show what would change, with samples; write nothing."
    ),
    options.as_json(),
)


def print_outcome(outcome: Outcome, *, as_json: bool, dry_run: bool = False) -> None:
    """What a step came to: records, what was dropped and why, what could not be read."""
    manifest = outcome.manifest
    for line in outcome.notes:
        note(line)
    if as_json:
        print_json(as_data(outcome))
        return
    tell(
        f"{manifest.step}: {manifest.rows:,} records"
        + ("" if dry_run else f" in {outcome.out}")
        + f", {sum(manifest.dropped.values()):,} dropped, {outcome.seconds:.1f} s."
    )
    rows: list[tuple[str, str]] = [
        *((f"dropped: {reason}", f"{count:,}") for reason, count in manifest.dropped.items()),
        *((name, f"{count:,}") for name, count in manifest.counts.items()),
    ]
    if rows:
        print_table(("", "records"), rows)
    if dry_run:
        for sample in manifest.samples:
            tell(f"{sample.kind}: {sample.id} {sample.field}")
            tell(f"  - {sample.before}")
            tell(f"  + {sample.after}")
    if manifest.problems:
        warn(
            f"{manifest.problems:,} places could not be read: "
            f"{'see' if dry_run else f'listed in {outcome.out},'} problems-*.jsonl"
        )


def as_data(outcome: Outcome) -> dict[str, Any]:
    """The same for ``--json``."""
    manifest = outcome.manifest
    return {
        "out": str(outcome.out),
        "step": manifest.step,
        "rows": manifest.rows,
        "dropped": manifest.dropped,
        "counts": manifest.counts,
        "problems": manifest.problems,
        "digest": manifest.digest,
        "seconds": outcome.seconds,
        "notes": list(outcome.notes),
    }
