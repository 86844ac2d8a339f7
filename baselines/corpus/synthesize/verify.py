"""Statements that a document does not support are taken out of what a model wrote."""

from __future__ import annotations

import re
from collections.abc import Sequence
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


def by_verdicts(claims: Sequence[Claim], verdicts: Sequence[Verdicts | None]) -> list[str | None]:
    """Each claim's statements that a verdict supports; ``None`` without a verdict."""
    return [
        None
        if found is None
        else " ".join(
            each for each, holds in zip(claim.statements, found.supported, strict=True) if holds
        )
        for claim, found in zip(claims, verdicts, strict=True)
    ]
