"""A diff as a table for spreadsheets, and as plain values for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluators.text.cells import neutralize
from submission.diff.make import Diff, Row
from submission.tables import write_csv

COLUMNS = (
    "id", "category", "question", "references", "first", "second", "first_score", "second_score",
    "difference",
)  # fmt: skip


def write_table(rows: Sequence[Row], path: Path) -> None:
    """The rows as CSV with a byte-order mark, for spreadsheets: no text in it is a formula.

    Several references stand in one cell, a line each.
    """
    write_csv(path, COLUMNS, [_cells(row) for row in rows], bom=True)


def to_json(diff: Diff, listed: Sequence[Row]) -> dict[str, Any]:
    """Counts over all rows, and the rows listed."""
    return {
        "first": diff.first,
        "second": diff.second,
        "scale": asdict(diff.scale) if diff.scale else None,
        "rows": len(diff.rows),
        "worse": diff.count("worse"),
        "better": diff.count("better"),
        "changed": diff.count("changed"),
        "unscored": diff.unscored,
        "listed": [asdict(row) for row in listed],
    }


def _cells(row: Row) -> list[str | float]:
    texts = (row.id, row.category, row.question, "\n".join(row.references),
             row.first.answer, row.second.answer)  # fmt: skip
    numbers = (row.first.score, row.second.score, row.difference)
    return [*map(neutralize, texts), *("" if each is None else each for each in numbers)]
