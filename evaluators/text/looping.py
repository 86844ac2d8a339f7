"""Whether a text runs in circles, as language models do when they lose the thread.

Two rules, because loops come in two kinds:

* The tail repeats one unit back to back, the last time perhaps in part: the text has period ``p``
  over its last ``span`` characters. A short unit must come five times and fill 24 characters, a
  long one (16 characters, about a clause) three times. White space counts as one blank. That is
  how greedy decoding ends once it is caught (Holtzman et al. 2020, arXiv:1904.09751), and no
  sentence that anybody means ends so, whereas "네, 네, 네" or a refrain said twice may.
* Most of the text's word 4-grams have been there before: ``1 - distinct / all`` (seq-rep-4 of
  Welleck et al. 2020, arXiv:1908.04319) is above one half over 24 words or more, a list's
  numbers apart. That finds loops that vary a little or end in a last different sentence.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

FEWEST_REPEATS: Final = 5
SHORTEST_SPAN: Final = 24
LONG_UNIT: Final = 16
FEWEST_LONG_REPEATS: Final = 3

GRAM: Final = 4
FEWEST_WORDS: Final = 24
LARGEST_SHARE: Final = 0.5

_PROBE: Final = 16
_NUMBERING: Final = re.compile(r"\(?\d+[.)]")


class Loop(NamedTuple):
    """A text's tail that repeats: length of the unit and of the whole, in characters."""

    unit: int
    span: int


def is_looping(text: str) -> bool:
    """Return whether either rule finds a loop in the text."""
    return tail_loop(text) is not None or repeated_share(text) > LARGEST_SHARE


def tail_loop(text: str) -> Loop | None:
    """Return the loop that the text ends in, the shortest unit first, or None.

    Lengths are those of the text with every run of white space as one blank.
    """
    plain = " ".join(text.split())
    size = len(plain)
    # A tail of SHORTEST_SPAN or longer with enough repeats holds its last characters once more,
    # one unit earlier, and there str.rfind finds them much faster than a comparison of all.
    probe = plain[-_PROBE:]
    place = size - _PROBE
    while place > 0:
        place = plain.rfind(probe, 0, place + _PROBE - 1)
        unit = size - _PROBE - place
        if place < 0 or unit * FEWEST_LONG_REPEATS > size + 1:
            return None
        span = _span(plain, unit)
        if _enough(unit, span):
            return Loop(unit, span)
    return None


def repeated_share(text: str, gram: int = GRAM) -> float:
    """Return the share of word ``gram``-grams that occurred before; 0 below FEWEST_WORDS words."""
    words = text.split()
    fewest = max(FEWEST_WORDS, gram)
    if len(words) < fewest:
        return 0.0
    words = [word for word in words if not _NUMBERING.fullmatch(word)]
    if len(words) < fewest:
        return 0.0
    grams = [tuple(words[place : place + gram]) for place in range(len(words) - gram + 1)]
    return 1.0 - len(set(grams)) / len(grams)


def _span(text: str, unit: int) -> int:
    """The length of the longest tail that has this period."""
    start = len(text) - unit
    while start > 0 and text[start - 1] == text[start - 1 + unit]:
        start -= 1
    return len(text) - start


def _enough(unit: int, span: int) -> bool:
    repeats = FEWEST_LONG_REPEATS if unit >= LONG_UNIT else FEWEST_REPEATS
    # The last unit lacks the blank that is between the others.
    return span >= max(SHORTEST_SPAN, repeats * unit - 1)
