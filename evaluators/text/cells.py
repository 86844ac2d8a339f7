"""Text that others wrote, made harmless where it is shown."""

from __future__ import annotations

import unicodedata
from typing import Final

# A cell that starts with one of these is run as a formula by spreadsheets; the wide forms too,
# where the spreadsheet's input folds them.
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def neutralize(text: str) -> str:
    """Return the text with an apostrophe before what a spreadsheet would run as a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def visible(text: str) -> str:
    r"""Return the text with characters that could drive a terminal written out, as ``\x1b``.

    Line ends stay, and so do all kinds of space.
    """
    if text.isprintable():
        return text
    return "".join(map(_visible, text))


def one_line(text: str) -> str:
    """Return the text on one line: runs of white space are one space, and the rest is visible."""
    return visible(" ".join(text.split()))


def shortened(text: str, longest: int) -> str:
    r"""Return the beginning of the text, visible, on one line with ``\n`` for line ends."""
    # No more is looked at than can be shown.
    line = visible(text[: longest + 1].replace("\n", "\\n"))
    return line if len(line) <= longest else f"{line[: longest - 1]}…"


def _visible(character: str) -> str:
    if character.isprintable() or character == "\n" or unicodedata.category(character) == "Zs":
        return character
    return character.encode("unicode_escape").decode("ascii")
