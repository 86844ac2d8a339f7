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
_ODD: Final = re.compile(
    "[^\n\x20-\x7e\xa1-\xac\xae-\u02ff가-힣\u3001-\u303f\u3131-\u3163一-鿿]|  | \n|\n |\n\n\n"
)
"""What says that there is something to mend: most texts have none of it."""


def tidy(text: str) -> str:
    """``text`` in NFC, without what is unseen, with single blanks and at most one empty line."""
    if _ODD.search(text):
        text = _LINES.sub("\n", text)
        text = _UNSEEN.sub("", text)
        text = _BLANKS.sub(" ", unicodedata.normalize("NFC", text))
        text = _EMPTY_LINES.sub("\n\n", _AT_ENDS.sub("\n", text))
    return text.strip()
