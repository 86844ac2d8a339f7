"""What a judge's reply says.

The double brackets are MT-Bench's (Zheng et al. 2023, Judging LLM-as-a-Judge): rare in prose, and
easy for a model to write. The last ones count, since a model that thinks aloud decides at the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from evaluators.errors import EvaluationError

_NUMBER: Final = re.compile(r"\[\[\s*(-?\d+(?:\.\d+)?)\s*\]\]")
_LETTER: Final = re.compile(r"\[\[\s*([ABCabc])\s*\]\]")
_SCALE: Final = re.compile(r"(\d+)-(\d+)")
_POINTS: Final = {"A": 1.0, "B": 0.0, "C": 0.5}


@dataclass(frozen=True)
class Scale:
    """The lowest and highest score a judge may give."""

    low: int = 1
    high: int = 10

    @classmethod
    def parse(cls, text: str) -> Scale:
        """Read ``1-10``; raises EvaluationError unless the second number is the higher one."""
        found = _SCALE.fullmatch(text)
        if found is None or int(found[1]) >= int(found[2]):
            raise EvaluationError(f"judge: scale={text!r} is not a scale: write for example 1-10")
        return cls(int(found[1]), int(found[2]))

    def __str__(self) -> str:
        return f"{self.low}-{self.high}"


def read_score(reply: str, scale: Scale) -> float | None:
    """Return the last ``[[7]]`` as a share of the scale, 0 to 1; None for none, or one outside."""
    found = _NUMBER.findall(reply)
    if not found:
        return None
    share = (float(found[-1]) - scale.low) / (scale.high - scale.low)
    return share if 0 <= share <= 1 else None


def read_preference(reply: str) -> float | None:
    """Return 1 where the last verdict is ``[[A]]``, 0 for ``[[B]]``, 0.5 for ``[[C]]``, a tie."""
    found = _LETTER.findall(reply)
    return _POINTS[found[-1].upper()] if found else None
