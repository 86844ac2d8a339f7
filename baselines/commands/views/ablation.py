"""What an ablation's end looks like, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from baselines.ablation.cells_and_effects import (
    cell_columns,
    cell_records,
    effect_records,
    interaction_records,
)
from baselines.ablation.results import Results
from baselines.commands.views.columns import (
    Column,
    differences,
    figures,
    interval,
    print_records,
    scores,
    words,
)
from baselines.grid.records import Record
from submission.terminal.output import tell

MOST_INTERACTIONS = 12
DIFFERENCE = (
    differences("vs baseline", "difference"),
    interval("difference_", signed=True),
)


def print_ablation(results: Results, files: Sequence[Path]) -> None:
    """The cells from best to worst, the main effects, the largest interactions, and the files."""
    _print_cells(results)
    effects = effect_records(results)
    if effects:
        tell("Main effects: what a level changes, averaged over the other axes.")
        _print_effects(("axis", "level"), effects, scores("mean", "mean"))
    pairs = [each for each in interaction_records(results) if each["difference"] is not None]
    pairs.sort(key=lambda each: -abs(each["difference"]))
    if pairs:
        tell("Interactions: the effect of two levels together, beyond their separate effects.")
        _print_effects(("axis", "level", "other_axis", "other_level"), pairs[:MOST_INTERACTIONS])
        if len(pairs) > MOST_INTERACTIONS:
            tell(f"{len(pairs) - MOST_INTERACTIONS} smaller interactions are in the file.")
    tell(
        f"Baseline: {', '.join(results.grid.baseline.labels)}. 95% intervals over rows. p: sign "
        "flips over rows, Holm's correction over the table."
    )
    if results.finished:
        tell(f"Score: {results.finished[0].scored.main.signature}")
    for note in results.notes:
        tell(f"Note: {note}")
    if results.scorer.proxy:
        tell(f"Proxy: {results.scorer.proxy}.", style="yellow")
    for path in files:
        tell(f"Wrote {path}.")


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
        "proxy": results.scorer.proxy,
        "notes": [str(note) for note in results.notes],
        "failed": dict(results.failed),
        "files": [str(path) for path in files],
    }


def _print_cells(results: Results) -> None:
    records = [record for record in cell_records(results) if record.get("score") is not None]
    if not records:
        return
    sign = -1 if results.finished[0].scored.main.direction == "higher" else 1
    records.sort(key=lambda record: sign * record["score"])
    seed, memory = figures("seed", "seed"), figures("MiB", "peak_memory_mib", ".0f")
    columns = [
        *map(words, results.grid.axes),
        seed,
        scores("score", "score"),
        interval(),
        *(scores(metric, metric) for metric in results.grid.file.metrics),
        *DIFFERENCE,
        figures("degenerate", "degenerate_any"),
        figures("tokens", "completion_tokens"),
        ("reused", lambda record: f"{record['reused_prompts']}/{record['prompts']}"),
        figures("s", "seconds", ".1f"),
        memory,
    ]
    # Seeds and memory are not there in every ablation.
    gone = [each for each in (seed, memory) if not any(map(each[1], records))]
    print_records([each for each in columns if each not in gone], records)


def _print_effects(names: Sequence[str], records: Iterable[Record], *means: Column) -> None:
    columns = [
        *(words(name, name.replace("_", " ")) for name in names),
        *means,
        differences("effect", "effect"),
        interval(signed=True),
        *DIFFERENCE,
        figures("p", "p_adjusted", ".4f"),
    ]
    print_records(columns, records)
