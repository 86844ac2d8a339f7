"""The leaderboard as a file: CSV, Markdown or JSON, by its suffix."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluators import to_frame
from evaluators.text.cells import neutralize
from submission.compare.comparison import Comparison
from submission.compare.markdown import to_markdown
from submission.compare.serialize import (
    GroupLine,
    TokenizerLine,
    fold_cells,
    fold_columns,
    group_lines,
    to_plain,
    tokenizer_lines,
)
from submission.errors import InputError
from submission.files.atomic import atomic_file
from submission.tables import write_csv

SUFFIXES = (".csv", ".md", ".json")


def require_suffix(path: Path) -> None:
    """Raise :class:`InputError` for a folder, and a file that is none of the three kinds."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it.")
    if path.suffix.lower() not in SUFFIXES:
        raise InputError(f"{path}: a leaderboard is written as {', '.join(SUFFIXES)}.")


def write_leaderboard(comparison: Comparison, path: Path) -> list[Path]:
    """Write the comparison whole, or leave what was there; returns the files written.

    Markdown and JSON hold all of it. A CSV file holds the leaderboard, others beside it the scores
    by group (``NAME.breakdown.csv``), by fold (``NAME.folds.csv``) and by tokenizer
    (``NAME.tokenizers.csv``). Raises
    :class:`InputError` for another suffix and a file that cannot be written.
    """
    require_suffix(path)
    if path.suffix.lower() == ".json":
        _write(path, json.dumps(to_plain(comparison), ensure_ascii=False, indent=2) + "\n")
        return [path]
    if path.suffix.lower() == ".md":
        _write(path, to_markdown(comparison))
        return [path]
    text = to_frame(comparison.rows).to_csv(index=False, lineterminator="\n")
    with atomic_file(path) as handle:
        handle.write(text.encode())
        # Written while the first file is not in place yet: there are all or none.
        beside = []
        if comparison.breakdowns:
            beside.append(path.with_name(f"{path.stem}.breakdown.csv"))
            groups = (line.plain() for line in group_lines(comparison))
            _write_lines(beside[-1], GroupLine._fields, groups)
        if comparison.folds:
            beside.append(path.with_name(f"{path.stem}.folds.csv"))
            folds = map(fold_cells, comparison.folds)
            _write_lines(beside[-1], fold_columns(comparison), folds)
        if comparison.sensitivity:
            beside.append(path.with_name(f"{path.stem}.tokenizers.csv"))
            _write_lines(beside[-1], TokenizerLine._fields, tokenizer_lines(comparison))
    return [path, *beside]


def _write(path: Path, text: str) -> None:
    with atomic_file(path) as handle:
        handle.write(text.encode())


def _write_lines(
    path: Path, columns: Sequence[str], lines: Iterable[Sequence[bool | str | float | None]]
) -> None:
    write_csv(path, columns, (list(map(_cell, line)) for line in lines), bom=False)


def _cell(value: bool | str | float | None) -> str | float:
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, str):
        return neutralize(value)
    return "" if value is None else value
