"""Text that others wrote, made harmless where it is shown."""

from __future__ import annotations

from typing import Final

# A cell that starts with one of these is run as a formula by spreadsheets; the wide forms too,
# where the spreadsheet's input folds them.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralize(text: str) -> str:
    """Return the text with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def printable(text: str) -> str:
    """Return the text on one line without control characters, which could drive a terminal."""
    return "".join(char if char.isprintable() else " " for char in text).strip()
