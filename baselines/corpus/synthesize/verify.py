"""Statements that a document does not support are taken out of what a model wrote."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

from baselines.corpus.similarity.support import support
from baselines.corpus.synthesize.tasks import Verdicts

_ENDS = re.compile(r"(?<=[.!?。])\s+|\n+")


class Claim(NamedTuple):
    """A text that is to follow from documents."""

    text: str
    documents: tuple[str, ...]

    @property
    def statements(self) -> list[str]:
        """Its sentences."""
        return [part for each in _ENDS.split(self.text) if (part := each.strip())]


def by_words(claims: Sequence[Claim], least: float) -> list[str]:
    """Each claim's statements whose words the documents have; empty where none is left."""
    return [
        " ".join(each for each in claim.statements if support(each, claim.documents) >= least)
        for claim in claims
    ]


def by_model(
    claims: Sequence[Claim], judge: Callable[[Sequence[Claim]], Sequence[Verdicts | None]]
) -> list[str]:
    """Each claim's statements that the model finds in the documents.

    A verdict that cannot be read, or is not one for each statement, supports nothing.
    """
    found: list[str] = []
    for claim, verdicts in zip(claims, judge(claims), strict=True):
        statements = claim.statements
        if verdicts is None or len(verdicts.supported) != len(statements):
            found.append("")
            continue
        kept = zip(statements, verdicts.supported, strict=True)
        found.append(" ".join(each for each, holds in kept if holds))
    return found
