"""Cells that hold more than one question: split without losing text, and joined again."""

from __future__ import annotations

import re
from dataclasses import dataclass

# A new question begins after a finished sentence with one of the connectors that the
# competitions' joined cells use. A sentence may end without punctuation ("…알려주세요 또한, …").
# "A와 B의 관계는 무엇인가요?" is one question about two things and stays whole.
BOUNDARY = re.compile(
    r"""(?P<before>[.?!。？！]["'”’)]*|요|까|다|죠|줘|라)
        (?P<gap>\s+)
        (?P<connector>(?:그리고|또한|아울러|더불어|추가로|또)(?:,|(?=\s))\s*)
        (?=\S)""",
    re.VERBOSE,
)
# "또 어떤 …" continues a sentence; only "또," opens a question.
CONTINUES = re.compile(r"또\s")


@dataclass(frozen=True, slots=True)
class Part:
    """One question of a cell, and the ``lead`` (white space and connector) before it."""

    lead: str
    text: str


def split(cell: str) -> list[Part]:
    """The questions in ``cell``; joining every ``lead + text`` gives ``cell`` back exactly."""
    parts: list[Part] = []
    lead, start = "", 0
    for match in BOUNDARY.finditer(cell):
        if CONTINUES.match(match["connector"]):
            continue
        end = match.end("before")
        parts.append(Part(lead, cell[start:end]))
        lead, start = cell[end : match.end()], match.end()
    parts.append(Part(lead, cell[start:]))
    return parts


def is_compound(cell: str) -> bool:
    """Whether the cell holds more than one question."""
    return len(split(cell)) > 1


def join(answers: list[str], joiner: str) -> str:
    """The parts' answers as one; empty ones leave no stray joiner."""
    return joiner.join(answer for answer in answers if answer)
