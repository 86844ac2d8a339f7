"""Runs as rows of a table: the columns that all tables of grids share, and how they are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from evaluators.text.cells import neutralize
from submission.recipes.degenerate import Degenerate
from submission.runs.answers import ANY
from submission.tables import write_csv

Record = Mapping[str, Any]
"""One row by column; None is a cell with nothing in it."""

SCORE = ("score", "low", "high", "n")
DIFFERENCE = ("difference", "difference_low", "difference_high")
DEGENERATE = tuple(f"degenerate_{kind}" for kind in (*Degenerate, ANY))
COST = (
    "seconds",
    "prompts",
    "reused_prompts",
    "prompt_tokens",
    "completion_tokens",
    "peak_memory_mib",
    "gpu_peak_memory_mib",
)

FIXED_COLUMNS = ("run", "seed", "seeds", "error", *SCORE, *DIFFERENCE, *DEGENERATE, *COST)
"""Those that no axis can be called."""


def tenth(value: float | None) -> float | None:
    """A measured figure to one decimal."""
    return value if value is None else round(value, 1)


def write_records(path: Path, columns: Sequence[str], records: Sequence[Record]) -> None:
    """Write these columns of the records; text cannot run in a spreadsheet."""
    write_csv(
        path,
        columns,
        [[_cell(record.get(column)) for column in columns] for record in records],
        bom=False,
    )


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return neutralize(value) if isinstance(value, str) else value
