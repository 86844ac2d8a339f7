"""The file itself: its size, its name, its encoding, and the columns of a CSV file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from submission.check.findings import Finding, error, warning
from submission.competitions.format import SubmissionFormat
from submission.errors import few
from submission.tables import Table

UPLOAD_LIMIT = 104_857_601
"""Bytes; DACON's upload interface takes no more."""


def check_file(submission: SubmissionFormat, path: Path) -> Iterator[Finding]:
    """Findings on a file before it is read as a table."""
    size = path.stat().st_size
    if size > UPLOAD_LIMIT:
        yield error("size", f"{path} has {size:,} bytes; at most {UPLOAD_LIMIT:,} are accepted.")
    if path.suffix.lower() != submission.ending:
        yield error("suffix", f"{path} is not named {submission.ending}, which is what is taken.")
    with path.open("rb") as handle:
        bom = handle.read(3) == b"\xef\xbb\xbf"
    if bom == submission.bom:
        return
    has, wants = ("has", "without one") if bom else ("has no", "with one")
    if submission.format == "csv":
        yield warning(
            "bom", f"{path} {has} byte-order mark; the organizer's own files come {wants}."
        )
    elif bom:
        yield error("bom", f"{path} has a byte-order mark, which JSON readers refuse.")


def check_encoding(table: Table) -> Iterator[Finding]:
    """A finding on a file that is not UTF-8."""
    if table.encoding == "cp949":
        yield error("encoding", f"{table.path} is CP949; save it as UTF-8.")


def check_columns(submission: SubmissionFormat, table: Table) -> Iterator[Finding]:
    """Findings on the columns of a CSV file: all there, none besides, in their order."""
    expected = submission.header
    missing = [name for name in expected if name not in table.columns]
    extra = [name for name in table.columns if name not in expected]
    if missing:
        yield error(
            "columns-missing",
            f"{len(missing)} of {len(expected)} columns are missing: {few(missing)}.",
            column=missing[0],
            count=len(missing),
        )
    if extra:
        yield error(
            "columns-extra",
            f"{len(extra)} columns are not in the template: {few(extra)}.",
            column=extra[0],
            count=len(extra),
        )
    if not missing and not extra and list(table.columns) != expected:
        place = next(
            index
            for index, pair in enumerate(zip(table.columns, expected, strict=True))
            if pair[0] != pair[1]
        )
        yield error(
            "columns-order",
            f"Columns stand in another order: column {place + 1} is '{table.columns[place]}' "
            f"where the template has '{expected[place]}'.",
            column=table.columns[place],
        )


def check_copied(submission: SubmissionFormat, table: Table, template: Table) -> Iterator[Finding]:
    """Findings on the columns of a CSV file that are to be as in the template, row by row."""
    if submission.id not in table.columns:
        return
    places = {name: place for place, name in enumerate(template.column(submission.id))}
    ids = table.column(submission.id)
    for name in submission.copied:
        if name not in table.columns:
            continue
        wanted, given = template.column(name), table.column(name)
        changed = [
            row
            for row, row_id in enumerate(ids)
            if row_id in places and given[row] != wanted[places[row_id]]
        ]
        if changed:
            first = changed[0]
            yield error(
                "kept-changed",
                f"{len(changed)} cells of column '{name}' are not the template's; first in row "
                f"{table.lines[first]}: '{given[first]}' where '{wanted[places[ids[first]]]}' "
                "belongs. Copy the column from the template.",
                row=table.lines[first],
                column=name,
                count=len(changed),
            )
