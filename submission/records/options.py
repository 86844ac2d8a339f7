"""The options of a multiple-choice question that stand in the question's own cell."""

from __future__ import annotations

import re
from itertools import takewhile

_NUMBERED = re.compile(r"(?:(\d{1,2})\s*[.):번]?|\((\d{1,2})\)|([①-⑳]))\s+(\S.*)")
_TIGHT = re.compile(r"(?:(\d{1,2})[.)](?!\d)|\((\d{1,2})\)|([①-⑳]))\s*(\S.*)")


def listed_options(question: str) -> list[str]:
    """The texts of lines that count up from 1 to the cell's end; empty where there are none.

    ``1. 벽지``, ``2) 타일``, ``③ 도장`` and ``4 미장`` all are such lines.
    """
    lines = [line for line in question.splitlines() if line.strip()]
    read = [_option(line.strip()) for line in lines]
    tail = list(takewhile(lambda each: each is not None, reversed(read)))[::-1]
    found = [each for each in tail if each is not None]
    starts = [place for place, (number, _) in enumerate(found) if number == 1]
    if not starts:
        return []
    found = found[starts[-1] :]
    if len(found) < 2 or [number for number, _ in found] != list(range(1, len(found) + 1)):
        return []
    return [text for _, text in found]


def _option(line: str) -> tuple[int, str] | None:
    match = _NUMBERED.match(line) or _TIGHT.match(line)
    if match is None:
        return None
    plain, bracketed, circled, text = match.groups()
    if circled:
        return ord(circled) - ord("①") + 1, text
    return int(plain or bracketed), text
