"""Exact match of reading comprehension."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.golds import rule_references, with_golds
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows
from evaluators.text.normalize import RULES, Rule, check_rule, normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example


class ExactMatch(RowMetric):
    """1 where answer and gold are equal after the rule's normalisation, else 0.

    Without ``references`` the best gold counts; ``inha`` has one gold and takes the first. Two
    texts that are empty after normalisation match, as they do in the SQuAD and KorQuAD scorers.
    ``klue`` takes a row without references for a question without an answer; ``nikl`` splits golds
    at ``#``.
    """

    name: Final = "em"
    proxy: Final = None

    def __init__(self, rule: Rule = "squad", references: References | None = None) -> None:
        self._rule = check_rule(rule)
        self._references = check_references(references or rule_references(self._rule))
        self.signature: Final = Signature.of(self.name, rule=self._rule, refs=self._references)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        rows = with_golds(examples, self._rule)
        return text_rows(rows, self.name, self._references, self._compare)

    def _compare(self, answer: str, reference: str) -> float:
        return float(normalize(answer, self._rule) == normalize(reference, self._rule))


def _build(request: Request) -> ExactMatch:
    rule = check_rule(request.text("rule"))
    return ExactMatch(rule, references=request.references(rule_references(rule)))


ENTRIES = (
    Entry(
        ExactMatch.name,
        "answers equal to a gold after normalisation",
        "nothing",
        _build,
        (
            Option("rule", "whose normalisation", default="squad", choices=RULES),
            REFERENCES_OPTION,
        ),
    ),
)
