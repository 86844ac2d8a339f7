"""ROUGE-L: the longest common subsequence of the whole texts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.metrics.entry import Entry
from evaluators.metrics.rouge import (
    OPTIONS,
    Overlap,
    Rouge,
    check_stat,
    requested_rule,
    requested_tokens,
    rule_option,
)
from evaluators.metrics.rouge_legacy import EPSILON, UnionOfSentences
from evaluators.text.lcs import lcs_length

if TYPE_CHECKING:
    from evaluators.base import Metric
    from evaluators.metrics.entry import Request
    from evaluators.metrics.rouge import Reading


class Subsequence:
    """Tokens in the same order in both texts, gaps allowed."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @property
    def options(self) -> dict[str, str]:
        """How texts are read."""
        return self._reading.options

    def overlap(self, answer: str, reference: str) -> Overlap:
        """Return the subsequence's length and both texts' lengths."""
        one, two = self._reading(answer), self._reading(reference)
        return Overlap(lcs_length(one, two), len(one), len(two))


def _build(request: Request) -> Metric:
    stat = check_stat(request.text("stat"))
    if requested_rule(request, "rougeL") == "legacy":
        return Rouge(
            "rougeL",
            UnionOfSentences(),
            stat=stat,
            references=request.references("first"),
            epsilon=EPSILON,
        )
    variant = Subsequence(requested_tokens(request))
    return Rouge("rougeL", variant, stat=stat, references=request.references("max"))


ENTRIES = (
    Entry(
        "rougeL",
        "longest common subsequence of tokens",
        "nothing",
        _build,
        (*OPTIONS, rule_option("legacy")),
    ),
)
