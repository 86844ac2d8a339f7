"""Characters that nobody sees, composed Hangul, and white space as people type it."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u115f\u1160\u180e\u200b-\u200c\u200e\u200f"
    "\u202a-\u202e\u2060-\u2069\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""Controls, zero widths, directions, fillers and tags; the joiner of emoji is none of these."""
_LINES: Final = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_BLANKS: Final = re.compile("[ \t\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_AT_ENDS: Final = re.compile(" ?\n ?")
_EMPTY_LINES: Final = re.compile("\n{3,}")
_UNTIDY_LINES: Final = re.compile(" \n|\n(?: |\n\n)")


def tidy(text: str) -> str:
    """``text`` in NFC, without what is unseen, with single blanks and at most one empty line."""
    if not _is_tidy(text):
        text = _LINES.sub("\n", text)
        text = _UNSEEN.sub("", text)
        text = _BLANKS.sub(" ", unicodedata.normalize("NFC", text))
        text = _EMPTY_LINES.sub("\n\n", _AT_ENDS.sub("\n", text))
    return text.strip()


def _is_tidy(text: str) -> bool:
    """Whether there is nothing to mend but the ends, as in most texts; told without a pattern."""
    return (
        text.replace("\n", "").isprintable()
        and "  " not in text
        and ("\n" not in text or not _UNTIDY_LINES.search(text))
        and "\u115f" not in text
        and "\u1160" not in text
        and "\u3164" not in text
        and "\uffa0" not in text
        and unicodedata.is_normalized("NFC", text)
    )
