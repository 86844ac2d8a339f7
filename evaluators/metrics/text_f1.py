"""Overlap F1 of reading comprehension."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from evaluators.metrics.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows
from evaluators.normalize import RULES, Rule, check_rule, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.metrics.base import Example


class TextF1(RowMetric):
    """F1 of the multiset overlap: of words for ``squad``, of characters for the Korean rules.

    Without ``references`` the best gold counts, as in the SQuAD and KorQuAD scorers; ``inha`` has
    one gold and takes the first. The scorers give 0 as soon as nothing is shared, so two empty
    texts score 0 here, although they match exactly.
    """

    name: Final = "f1"
    proxy: Final = False

    def __init__(self, rule: Rule = "squad", references: References | None = None) -> None:
        self._rule = check_rule(rule)
        self._references = check_references(references or rule_references(self._rule))
        self.signature: Final = Signature.of(self.name, rule=self._rule, refs=self._references)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        return text_rows(examples, self.name, self._references, self._compare)

    def units(self, text: str) -> list[str]:
        """Return what is compared: normalised words or characters."""
        return list(tokens(text, self._rule))

    def _compare(self, answer: str, reference: str) -> float:
        return overlap_f1(tokens(answer, self._rule), tokens(reference, self._rule))


def overlap_f1(one: Sequence[str], two: Sequence[str]) -> float:
    """Return 2PR/(P+R) of two multisets; 0 where they share nothing."""
    shared = (Counter(one) & Counter(two)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(one), shared / len(two)
    return 2 * precision * recall / (precision + recall)


def rule_references(rule: Rule) -> References:
    """Return how a rule's own scorer treats several golds."""
    return "first" if rule == "inha" else "max"


def _build(request: Request) -> TextF1:
    rule = check_rule(request.text("rule"))
    return TextF1(rule, references=request.references(rule_references(rule)))


ENTRIES = (
    Entry(
        TextF1.name,
        "overlap of words (squad) or characters (korquad1, inha)",
        "nothing",
        _build,
        (
            Option("rule", "whose normalisation and units", default="squad", choices=RULES),
            REFERENCES_OPTION,
        ),
    ),
)
