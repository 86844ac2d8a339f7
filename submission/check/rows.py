"""Ids: as many as the template's, the same, once each, in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from submission.check.findings import Finding, error
from submission.errors import few
from submission.tables import Table


def check_ids(id_column: str, table: Table, expected: Sequence[str]) -> Iterator[Finding]:
    """Findings on the id column against the template's ids."""
    if len(table) != len(expected):
        yield error("row-count", f"{len(table)} rows; the template has {len(expected)}.")
    if id_column not in table.columns:
        return
    ids = table.column(id_column)
    if list(expected) == ids and len(set(ids)) == len(ids):
        return
    lines = table.lines
    first: dict[str, int] = {}
    repeated = []
    for line, row_id in zip(lines, ids, strict=True):
        if row_id in first:
            repeated.append((line, row_id))
        first.setdefault(row_id, line)
    if repeated:
        line, row_id = repeated[0]
        yield error(
            "ids-duplicate",
            f"{len(repeated)} ids are repeated; first '{row_id}' in row {line}, "
            f"already in row {first[row_id]}.",
            row=line,
            column=id_column,
            count=len(repeated),
        )
    wanted = set(expected)
    missing = [row_id for row_id in expected if row_id not in first]
    unknown = [row_id for row_id in first if row_id not in wanted]
    if missing:
        yield error(
            "ids-missing",
            f"{len(missing)} ids of the template are missing: {few(map(repr, missing))}.",
            column=id_column,
            count=len(missing),
        )
    if unknown:
        hint = ""
        if {*map(_numeric, unknown)} == {*map(_numeric, missing)} != {None}:
            hint = " They are equal as numbers: read ids as text (dtype=str in pandas)."
        yield error(
            "ids-unknown",
            f"{len(unknown)} ids are not in the template: {few(map(repr, unknown))}.{hint}",
            row=first[unknown[0]],
            column=id_column,
            count=len(unknown),
        )
    if not (missing or unknown or repeated):
        misplaced = [
            (line, got, want)
            for line, got, want in zip(lines, ids, expected, strict=True)
            if got != want
        ]
        if misplaced:
            line, got, want = misplaced[0]
            yield error(
                "ids-order",
                f"{len(misplaced)} rows stand in another order than the template's; first "
                f"row {line}: '{got}' where '{want}' belongs.",
                row=line,
                column=id_column,
                count=len(misplaced),
            )


def _numeric(row_id: str) -> int | None:
    return int(row_id) if row_id.isascii() and row_id.isdigit() else None
