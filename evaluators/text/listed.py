"""Names in a message: a few of them, those that matter, and how many there are."""

from __future__ import annotations

import re
from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Final

from evaluators.text.cells import shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_LISTED: Final = 5
_LONGEST: Final = 80
_MOST_COMPARED: Final = 5000
_NUMBERED: Final = re.compile(r"(.*?)\d+'?")


def few(names: Iterable[object]) -> str:
    """At most five names, and how many there are: ``a, b, c, d, e, … (12 in all)``."""
    every = list(names)
    shown = ", ".join(shortened(str(name), _LONGEST) for name in every[:MOST_LISTED])
    return f"{shown}, … ({len(every)} in all)" if len(every) > MOST_LISTED else shown


def nearest(names: Iterable[str], *wanted: str) -> str:
    """The same with the names first that are like what is ``wanted``, and numbered ones last.

    Of many, ``vec_0`` to ``vec_767`` say no more than one does.
    """
    every = list(names)
    if len(every) <= MOST_LISTED:
        return few(every)
    compared = every[:_MOST_COMPARED]
    close = [each for name in wanted[:MOST_LISTED] for each in get_close_matches(name, compared)]
    first = dict.fromkeys(close)
    return few([*first, *(name for name in _series_last(every) if name not in first)])


def _series_last(names: Sequence[str]) -> list[str]:
    stems = [match[1] if (match := _NUMBERED.fullmatch(name)) else None for name in names]
    counts = Counter(stem for stem in stems if stem is not None)
    return [
        name
        for _, name in sorted(
            zip(stems, names, strict=True),
            key=lambda pair: pair[0] is not None and counts[pair[0]] > MOST_LISTED,
        )
    ]
