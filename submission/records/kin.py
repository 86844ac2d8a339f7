"""Rows that were made from one another, as the columns of an exported corpus say."""

from __future__ import annotations

from collections.abc import Collection, Mapping

PARENT, GROUP = "parent", "group"
"""The columns of a training file that say it: the id of the row from which a row was made, and a
text that all rows of one origin have in common."""


def kin(row_id: str, cells: Mapping[str, str], declared: Collection[str] = ()) -> list[str]:
    """What the rows of one origin have in common; nothing where a file does not say it.

    It says it with both columns together, and where the competition does not declare columns of
    these names for something else.
    """
    if PARENT not in cells or GROUP not in cells or PARENT in declared or GROUP in declared:
        return []
    parent, group = cells[PARENT].strip(), cells[GROUP].strip()
    return [
        f"row {row_id}",
        *([f"row {parent}"] if parent else []),
        *([f"group {group}"] if group else []),
    ]
