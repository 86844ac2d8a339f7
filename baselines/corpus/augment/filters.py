"""Which changed texts are kept: those that still say the same in the same language."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from evaluators.encoders import Encoder
from evaluators.text.language import language_of

_NUMBERS = re.compile(r"\d+")


class Verdict(NamedTuple):
    """Why a text is not kept: one of a few reasons, and the figure that decided."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Limits:
    """How much a changed text may differ; shares and similarities from 0 to 1."""

    shortest: float
    longest: float
    most_change: float
    least_similarity: float

    def judge(self, before: str, after: str) -> Verdict | None:
        """What can be said without a model; None where the text is kept."""
        ratio = len(after) / max(1, len(before))
        if not self.shortest <= ratio <= self.longest:
            return Verdict("length", f"{ratio:.2f} times as long")
        changed = Levenshtein.normalized_distance(before, after)
        if changed > self.most_change:
            return Verdict("changed too much", f"{changed:.0%} of the characters")
        if Counter(_NUMBERS.findall(before)) != Counter(_NUMBERS.findall(after)):
            return Verdict("other numbers", "")
        was, now = language_of(before), language_of(after)
        if was is not None and was != now:
            return Verdict("other language", f"{was} became {now}")
        return None

    def judge_meaning(
        self, encoder: Encoder, before: Sequence[str], after: Sequence[str]
    ) -> list[Verdict | None]:
        """Whether each text means what it did, by the cosine of their vectors."""
        if not before:
            return []
        one, other = encoder.encode(before), encoder.encode(after)
        lengths = (one * one).sum(axis=1) * (other * other).sum(axis=1)
        cosines = (one * other).sum(axis=1) / lengths.clip(min=1e-12) ** 0.5
        return [
            None
            if cosine >= self.least_similarity
            else Verdict("meaning", f"similarity {cosine:.2f}")
            for cosine in cosines.tolist()
        ]
