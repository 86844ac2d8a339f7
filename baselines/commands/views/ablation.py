"""What an ablation's end looks like, for people and for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from baselines.ablation.cells_and_effects import (
    cell_columns,
    cell_records,
    effect_records,
    interaction_records,
)
from baselines.ablation.results import Results
from baselines.grid.records import Record
from evaluators.text.cells import printable

WIDTH = 160
MOST_INTERACTIONS = 12


def print_ablation(results: Results, files: Sequence[Path]) -> None:
    """The cells from best to worst, the main effects, the largest interactions, and the files."""
    _print_cells(results)
    effects = effect_records(results)
    if effects:
        click.echo("Main effects: what a level changes, averaged over the other axes.")
        _print_effects(("axis", "level", "mean"), effects)
    pairs = [each for each in interaction_records(results) if each["difference"] is not None]
    pairs.sort(key=lambda each: -abs(each["difference"]))
    if pairs:
        click.echo("Interactions: what two levels do together beyond what each does by itself.")
        _print_effects(("axis", "level", "other_axis", "other_level"), pairs[:MOST_INTERACTIONS])
        if len(pairs) > MOST_INTERACTIONS:
            click.echo(f"{len(pairs) - MOST_INTERACTIONS} smaller ones are in the file.")
    click.echo(
        f"Baseline: {', '.join(results.grid.baseline.labels)}. Intervals: 95 %, over rows. "
        "p: sign flips over rows, Holm's correction over the table."
    )
    if results.finished:
        click.echo(f"Score: {results.finished[0].scored.main.signature}")
    for note in results.notes:
        click.echo(f"Note: {note}.")
    if results.scorer.proxy_reason:
        click.secho(f"Proxy: {results.scorer.proxy_reason}.", fg="yellow")
    for path in files:
        click.echo(f"Wrote {path}.")


def ablation_json(results: Results, files: Sequence[Path]) -> dict[str, Any]:
    """The results as JSON values."""
    main = results.finished[0].scored.main if results.finished else None
    columns = cell_columns(results)
    return {
        "cells": [
            {column: record.get(column) for column in columns} for record in cell_records(results)
        ],
        "effects": effect_records(results),
        "interactions": interaction_records(results),
        "balanced": results.effects.balanced if results.effects else None,
        "baseline": dict(zip(results.grid.axes, results.grid.baseline.labels, strict=True)),
        "metric": main.metric if main else None,
        "signature": main.signature if main else None,
        "direction": main.direction if main else None,
        "proxy": results.scorer.proxy_reason,
        "notes": list(results.notes),
        "failed": dict(results.failed),
        "files": [str(path) for path in files],
    }


def _print_cells(results: Results) -> None:
    records = [record for record in cell_records(results) if record.get("score") is not None]
    if not records:
        return
    sign = -1 if results.finished[0].scored.main.direction == "higher" else 1
    records.sort(key=lambda record: sign * record["score"])
    seeds = any(record["seed"] is not None for record in records)
    memory = any(record["peak_memory_mib"] is not None for record in records)
    header = [*results.grid.axes, *(["seed"] if seeds else []), "score", "95 %"]
    header += [
        *results.grid.file.metrics,
        "vs baseline",
        "95 %",
        "degenerate",
        "tokens",
        "reused",
        "s",
    ]
    header += ["MiB"] if memory else []
    rows = []
    for record in records:
        row = [printable(record[axis]) for axis in results.grid.axes]
        row += [str(record["seed"] if record["seed"] is not None else "")] if seeds else []
        row += [_number(record["score"]), _interval(record["low"], record["high"])]
        row += [_number(record[metric]) for metric in results.grid.file.metrics]
        row += [_signed(record["difference"])]
        row += [_interval(record["difference_low"], record["difference_high"], "+")]
        row += [str(record["degenerate_any"]), str(record["completion_tokens"])]
        row += [f"{record['reused_prompts']}/{record['prompts']}", f"{record['seconds']:.1f}"]
        row += [_rounded(record["peak_memory_mib"])] if memory else []
        rows.append(row)
    print_table(header, rows, text=len(results.grid.axes))


def _print_effects(names: Sequence[str], records: Iterable[Record]) -> None:
    rows = []
    for record in records:
        texts = [
            _number(record[name]) if name == "mean" else printable(record[name]) for name in names
        ]
        p_value = record["p_adjusted"]
        rows.append(
            [
                *texts,
                _signed(record["effect"]),
                _interval(record["low"], record["high"], "+"),
                _signed(record["difference"]),
                _interval(record["difference_low"], record["difference_high"], "+"),
                "" if p_value is None else f"{p_value:.4f}",
            ]
        )
    header = [*(name.replace("_", " ") for name in names), "effect", "95 %"]
    print_table(
        [*header, "vs baseline", "95 %", "p"],
        rows,
        text=len([name for name in names if name != "mean"]),
    )


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]], *, text: int) -> None:
    """A table whose first ``text`` columns are words and the others numbers."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE, padding=(0, 1, 0, 0))
    for place, name in enumerate(header):
        table.add_column(
            Text(printable(name)),
            justify="left" if place < text else "right",
            no_wrap=place >= text,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console(width=None if sys.stdout.isatty() else WIDTH).print(table)


def _number(value: float) -> str:
    return f"{value:.4f}"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.4f}"


def _interval(low: float | None, high: float | None, sign: str = "") -> str:
    if low is None or high is None:
        return ""
    return f"{low:{sign}.3f} … {high:{sign}.3f}"


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"
