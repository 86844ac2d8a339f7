"""Corpus chrF."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from evaluators.metrics.entry import Entry, Option, Request
from evaluators.metrics.sacrebleu_metric import (
    TOGETHER_OPTION,
    SacreMetric,
    Together,
    check_together,
    signature_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sacrebleu.metrics.base import Signature as SacreSignature
    from sacrebleu.metrics.chrf import CHRF


class Chrf(SacreMetric):
    """sacreBLEU's chrF2 (Popović 2015): character n-grams of 1 to 6, recall counting twice.

    ``word_order`` 2 gives chrF++ (Popović 2017). Whitespace is no character here. Of several
    references the one with the highest score counts, row by row.
    """

    name: Final = "chrf"

    def __init__(
        self, word_order: int = 0, lowercase: bool = False, references: Together = "all"
    ) -> None:
        super().__init__(references)
        self._word_order = word_order
        self._lowercase = lowercase

    def _counts(self, answer: str, references: Sequence[str]) -> Sequence[int]:
        # Behind an underscore, yet what sacreBLEU's own significance tests call between modules.
        (counts,) = self._sacre._extract_corpus_statistics([answer], [[r] for r in references])
        return [int(count) for count in counts]

    def _score(self, counts: list[int], *, alone: bool) -> float:
        del alone  # a row is scored as a corpus of one
        score: float = self._sacre._compute_score_from_stats(counts).score
        return score

    def _sacre_signature(self) -> SacreSignature:
        return signature_of(self._sacre)

    @cached_property
    def _sacre(self) -> CHRF:
        from sacrebleu.metrics.chrf import CHRF

        return CHRF(word_order=self._word_order, lowercase=self._lowercase)


def _build(request: Request) -> Chrf:
    return Chrf(
        word_order=request.integer("word_order") or 0,
        lowercase=request.flag("lowercase"),
        references=check_together(request.text("references")),
    )


ENTRIES = (
    Entry(
        Chrf.name,
        "character n-grams in common, over all rows together",
        "nothing",
        _build,
        (
            Option(
                "word_order", "word n-grams too; 2 is chrF++", default="0", choices=("0", "1", "2")
            ),
            Option("lowercase", "compare in lower case", default="0", kind="flag"),
            TOGETHER_OPTION,
        ),
    ),
)
