"""Which passages each sentence of an answer cites."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MARK: Final = re.compile(r"\s*\[\s*(\d{1,6}(?:\s*[,;]\s*\d{1,6})*)\s*\]")
_NUMBER: Final = re.compile(r"\d+")
_END: Final = re.compile(r"(?<=[.!?。？！…])[\"'”’)\]]*\s+|\n+")


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
    in: also behind the full stop, ``문장. [1]``. Before any sentence, it belongs to the first.
    ``[0]`` and numbers above ``passages`` cite nothing and are kept as invalid. ``split`` gives the
    spans of a text's sentences; without it, they end at full stops and lines.
    """
    marks: list[tuple[int, list[int]]] = []
    clean: list[str] = []
    length = end = 0
    for match in _MARK.finditer(answer):
        piece = answer[end : match.start()]
        clean.append(piece)
        length += len(piece)
        marks.append((length, [int(each) for each in _NUMBER.findall(match[1])]))
        end = match.end()
    text = "".join([*clean, answer[end:]])
    spans = [span for span in (split or _spans)(text) if text[slice(*span)].strip()]
    cites: list[list[int]] = [[] for _ in spans]
    for at, numbers in marks:
        before = [place for place, (start, _) in enumerate(spans) if _begins(text, start) < at]
        if spans:
            cites[before[-1] if before else 0] += numbers
    return [
        Cited(
            text[start:stop].strip(),
            tuple(dict.fromkeys(n for n in numbers if 1 <= n <= passages)),
            tuple(dict.fromkeys(n for n in numbers if not 1 <= n <= passages)),
        )
        for (start, stop), numbers in zip(spans, cites, strict=True)
    ]


def _begins(text: str, start: int) -> int:
    """Where the first letter from ``start`` on is."""
    return start + len(text[start:]) - len(text[start:].lstrip())


def _spans(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in _END.finditer(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True))
