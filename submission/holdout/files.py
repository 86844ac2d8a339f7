"""The files of a local test set, in the organizer's own formats."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from submission.competitions.profile import Profile
from submission.holdout.cells import Cell, reference
from submission.holdout.source import Source
from submission.tables import write_csv

TRAIN, TEST, REFERENCES = "train.csv", "test.csv", "references.csv"
SAMPLE, STORY = "sample_submission.csv", "holdout.json"


def test_ids(count: int) -> list[str]:
    """``TEST_000``, ``TEST_001``, … with as many digits as the last one needs."""
    width = max(3, len(str(count - 1)))
    return [f"TEST_{number:0{width}}" for number in range(count)]


def write_tables(folder: Path, profile: Profile, source: Source, cells: Sequence[Cell]) -> None:
    """Write the four CSV files. Raises :class:`InputError` where one cannot be written."""
    ids = test_ids(len(cells))
    _write_train(folder / TRAIN, source, cells)
    _write_test(folder / TEST, profile, source, cells, ids)
    _write_references(folder / REFERENCES, profile, source, cells, ids)
    _write_sample(folder / SAMPLE, profile, ids)


def _write_train(path: Path, source: Source, cells: Sequence[Cell]) -> None:
    table = source.table
    held_out = {row for cell in cells for row in cell.rows}
    rows = (
        [record.values[name] for name in table.columns]
        for place, record in enumerate(table.records)
        if place not in held_out
    )
    write_csv(path, table.columns, rows, bom=source.bom, newline=table.newline)


def _write_test(
    path: Path, profile: Profile, source: Source, cells: Sequence[Cell], ids: Sequence[str]
) -> None:
    rows = []
    for test_id, cell in zip(ids, cells, strict=True):
        values = {**source.rows[cell.rows[0]].row, profile.test.id: test_id}
        if profile.test.question is not None:
            values[profile.test.question] = cell.question
        rows.append([values[name] for name in profile.test.columns])
    write_csv(path, profile.test.columns, rows, bom=source.bom, newline=source.table.newline)


def _write_references(
    path: Path, profile: Profile, source: Source, cells: Sequence[Cell], ids: Sequence[str]
) -> None:
    category = source.columns.category
    answers = [name for name in source.columns.answers if name in source.table.columns]
    columns = [profile.test.id, *([category] if category else []), *answers]
    rows = []
    for test_id, cell in zip(ids, cells, strict=True):
        known = reference(test_id, cell, source.columns, source.rows)
        blank = [""] * (len(answers) - len(known.answers))
        rows.append([test_id, *([known.category] if category else []), *known.answers, *blank])
    write_csv(path, columns, rows, bom=source.bom, newline=source.table.newline)


def _write_sample(path: Path, profile: Profile, ids: Sequence[str]) -> None:
    submission = profile.submission
    text = [""] if submission.answer else []
    zeros = ["0"] * (submission.vectors.dimension if submission.vectors else 0)
    rows = ([test_id, *text, *zeros] for test_id in ids)
    write_csv(path, submission.columns, rows, bom=submission.bom)
