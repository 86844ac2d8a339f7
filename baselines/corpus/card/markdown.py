"""Markdown of text that nobody has read: nothing in it is markup, a link, or ends its block."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Final

from evaluators.text.cells import one_line, visible

LONGEST_CELL: Final = 200
LONGEST_SAMPLE: Final = 400
_MARKS: Final = re.compile(r"([\\`*_{}\[\]#+!|<>~&:./@$^=\"])")


def plain(text: str, longest: int = LONGEST_CELL) -> str:
    """The text on one line, every mark escaped."""
    line = one_line(text[: longest + 1])
    return _MARKS.sub(r"\\\1", line if len(line) <= longest else f"{line[: longest - 1]}…")


def code(text: str) -> str:
    """A word of our own making, such as a digest."""
    return f"`{text}`"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; cells are Markdown already."""
    lines = [headers, ["---"] * len(headers), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def fenced(text: str, kind: str = "text", longest: int = LONGEST_SAMPLE) -> str:
    """The beginning of a text between fences longer than any run of backticks in it."""
    shown = visible(text if len(text) <= longest else f"{text[: longest - 1]}…")
    ticks = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}{kind}\n{shown}\n{fence}"


def quoted(text: str) -> str:
    """The text as a YAML value: JSON's strings are YAML's."""
    return json.dumps(one_line(text), ensure_ascii=False)
