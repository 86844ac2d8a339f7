"""Which passages each sentence of an answer cites."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MARK: Final = re.compile(r"[\[［]\s*(\d+(?:\s*[,;，；]\s*\d+)*)\s*[\]］]")
_NUMBER: Final = re.compile(r"\d+")
_MOST_DIGITS: Final = 10  # more than any passage's number has, and few enough for int
_END: Final = re.compile(r"(?<=[.!?。？！…])[\"'”’)\]]*\s+|\n+")
_ENDS: Final = re.compile(r"[.!?。？！…][\"'”’)\]]*\Z")
_BLANKS: Final = " \t\xa0\u3000"
_FOLLOWS: Final = frozenset(".,!?:;。，！？：；…\"'”’)]}")


class Cited(NamedTuple):
    """A sentence without its marks, the passages that it cites, from 1, and numbers of none."""

    text: str
    passages: tuple[int, ...]
    invalid: tuple[int, ...]


def cited_sentences(
    answer: str, passages: int, split: Callable[[str], Sequence[tuple[int, int]]] | None = None
) -> list[Cited]:
    """The sentences of ``answer``, with what they cite of so many ``passages``.

    A mark, ``[2]`` or ``[1, 3]``, belongs to the sentence that ends before it, or that it stands
    in: also behind the full stop, ``문장.[1]`` or ``문장. [1]``. Before any sentence, it belongs to
    the first. ``[0]`` and numbers above ``passages`` cite nothing and are kept as invalid (of a
    longer number, the first ten digits). ``split`` gives the spans of the sentences of a text
    without marks, in order; without it, they end at full stops and lines.
    """
    text, marks = _without_marks(answer)
    spans = [span for span in (split or _spans)(text) if text[slice(*span)].strip()]
    begins = [stop - len(text[start:stop].lstrip()) for start, stop in spans]
    cites: list[list[int]] = [[] for _ in spans]
    for at, numbers in marks:
        if spans:
            cites[max(bisect_left(begins, at) - 1, 0)] += numbers
    return [
        Cited(
            text[start:stop].strip(),
            tuple(dict.fromkeys(n for n in numbers if 1 <= n <= passages)),
            tuple(dict.fromkeys(n for n in numbers if not 1 <= n <= passages)),
        )
        for (start, stop), numbers in zip(spans, cites, strict=True)
    ]


def _without_marks(answer: str) -> tuple[str, list[tuple[int, list[int]]]]:
    """The text, and for each mark where the words before it end, with its numbers.

    Blanks before a mark go with it, but sentences and words that it keeps apart stay so.
    """
    pieces: list[str] = []
    marks: list[tuple[int, list[int]]] = []
    length = words = end = 0
    parted = False
    for match in (*_MARK.finditer(answer), None):
        piece = answer[end:] if match is None else answer[end : match.start()]
        if piece and parted and not piece[0].isspace() and piece[0] not in _FOLLOWS:
            piece = " " + piece
        kept = piece if match is None else piece.rstrip(_BLANKS)
        if kept.strip():
            words = length + len(kept.rstrip())
        pieces.append(kept)
        length += len(kept)
        if match is not None:
            numbers = _NUMBER.findall(match[1])
            marks.append((words, [int(each[:_MOST_DIGITS]) for each in numbers]))
            end = match.end()
            # Between two marks, what came before the first still counts.
            parted = kept != piece or (not kept and parted) or _ENDS.search(kept) is not None
    return "".join(pieces), marks


def _spans(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in _END.finditer(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True))
