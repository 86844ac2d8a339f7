"""Overlap F1 of reading comprehension."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.golds import rule_references, with_golds
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows
from evaluators.text.normalize import Rule, check_rule, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example

RULES: Final[tuple[Rule, ...]] = ("squad", "korquad1", "korquad2", "klue", "inha")


class TextF1(RowMetric):
    """F1 of the multiset overlap: of words for ``squad``, of characters for the Korean rules.

    Without ``references`` the best gold counts, as in the SQuAD and KorQuAD scorers; ``inha`` has
    one gold and takes the first. Those scorers give 0 as soon as nothing is shared, so two empty
    texts score 0 here, although they match exactly; only under ``klue``, where an empty gold says
    that there is no answer, an answer that is empty too scores 1.
    """

    name: Final = "f1"
    proxy: Final = False

    def __init__(self, rule: Rule = "squad", references: References | None = None) -> None:
        self._rule = check_rule(rule, RULES)
        self._references = check_references(references or rule_references(self._rule))
        self.signature: Final = Signature.of(self.name, rule=self._rule, refs=self._references)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        rows = with_golds(examples, self._rule)
        return text_rows(rows, self.name, self._references, self._compare)

    def units(self, text: str) -> list[str]:
        """Return what is compared: normalised words or characters."""
        units = tokens(text, self._rule)
        # No answer is an answer to KLUE-MRC: as a unit of its own it matches itself alone.
        return units if units or self._rule != "klue" else [""]

    def _compare(self, answer: str, reference: str) -> float:
        return overlap_f1(self.units(answer), self.units(reference))


def overlap_f1(one: Sequence[str], two: Sequence[str]) -> float:
    """Return 2PR/(P+R) of two multisets; 0 where they share nothing."""
    shared = (Counter(one) & Counter(two)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(one), shared / len(two)
    return 2 * precision * recall / (precision + recall)


def _build(request: Request) -> TextF1:
    rule = check_rule(request.text("rule"), RULES)
    return TextF1(rule, references=request.references(rule_references(rule)))


ENTRIES = (
    Entry(
        TextF1.name,
        "overlap of words (squad) or characters (the Korean rules)",
        "nothing",
        _build,
        (
            Option("rule", "whose normalisation and units", default="squad", choices=RULES),
            REFERENCES_OPTION,
        ),
    ),
)
