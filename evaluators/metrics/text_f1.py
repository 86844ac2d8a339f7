"""Overlap F1 of reading comprehension."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.golds import rule_references, with_golds
from evaluators.metrics.rowwise import RowMetric, check_references, paired_rows
from evaluators.text.normalize import Rule, characters, check_rule, tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

RULES: Final[tuple[Rule, ...]] = ("squad", "korquad1", "korquad2", "klue", "inha")
_PAIRS_AT_ONCE: Final = 1 << 14


class TextF1(RowMetric):
    """F1 of the multiset overlap: of words for ``squad``, of characters for the Korean rules.

    Without ``references`` the best gold counts, as in the SQuAD and KorQuAD scorers; ``inha`` has
    one gold and takes the first. Those scorers give 0 as soon as nothing is shared, so two empty
    texts score 0 here, although they match exactly; only under ``klue``, where an empty gold says
    that there is no answer, an answer that is empty too scores 1.
    """

    name: Final = "f1"
    proxy: Final = None

    def __init__(self, rule: Rule = "squad", references: References | None = None) -> None:
        self._rule = check_rule(rule, RULES)
        self._references = check_references(references or rule_references(self._rule))
        self.signature: Final = Signature.of(self.name, rule=self._rule, refs=self._references)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        rows = with_golds(examples, self._rule)
        return paired_rows(rows, self.name, self._references, self._compare)

    def units(self, text: str) -> list[str]:
        """Return what is compared: normalised words or characters."""
        units = tokens(text, self._rule)
        # No answer is an answer to KLUE-MRC: as a unit of its own it matches itself alone.
        return units if units or self._rule != "klue" else [""]

    def _compare(self, answers: list[str], references: list[str]) -> NDArray[np.float64]:
        scores = np.empty(len(answers))
        for start in range(0, len(answers), _PAIRS_AT_ONCE):
            block = slice(start, start + _PAIRS_AT_ONCE)
            units = {text: self._compared(text) for text in {*answers[block], *references[block]}}
            ones, twos = ([units[text] for text in texts[block]] for texts in (answers, references))
            scores[block] = overlaps_f1(ones, twos)
            if self._rule == "klue":
                empty = [not one and not two for one, two in zip(ones, twos, strict=True)]
                scores[block][empty] = 1.0
        return scores

    def _compared(self, text: str) -> Sequence[str]:
        if self._rule == "squad":
            return tokens(text, self._rule)
        return characters(text, self._rule)


def overlap_f1(one: Sequence[str], two: Sequence[str]) -> float:
    """Return 2PR/(P+R) of two multisets; 0 where they share nothing."""
    shared = (Counter(one) & Counter(two)).total()
    if not shared:
        return 0.0
    precision, recall = shared / len(one), shared / len(two)
    return 2 * precision * recall / (precision + recall)


def overlaps_f1(
    ones: Sequence[Sequence[str]], twos: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    """Return ``overlap_f1`` of every pair, shape ``(len(ones),)``."""
    pairs = len(ones)
    lengths = np.array([*map(len, ones), *map(len, twos)], dtype=np.int64)
    units = _numbered([*ones, *twos])
    span = int(units.max(initial=0)) + 1
    # One number for pair, unit and side: sorted, what both sides of a pair hold stands together.
    keys = np.repeat(np.tile(np.arange(pairs), 2), lengths) * span + units
    keys *= 2
    keys[lengths[:pairs].sum() :] += 1
    found, counts = np.unique(keys, return_counts=True)
    both = (found[:-1] % 2 == 0) & (found[1:] == found[:-1] + 1)
    common = np.minimum(counts[:-1], counts[1:])[both]
    shared = np.bincount(found[:-1][both] // (2 * span), weights=common, minlength=pairs)
    some = shared > 0
    precision, recall = (shared[some] / each[some] for each in np.split(lengths, 2))
    scores = np.zeros(pairs)
    scores[some] = 2 * precision * recall / (precision + recall)
    return scores


def _numbered(texts: Sequence[Sequence[str]]) -> NDArray[np.int64]:
    """All units of all texts in a row, equal ones by equal numbers from 0."""
    if all(isinstance(text, str) for text in texts):
        encoded = "".join(map(str, texts)).encode("utf-32-le", "surrogatepass")
        return np.frombuffer(encoded, "<u4").astype(np.int64)
    numbers = {unit: place for place, unit in enumerate({*chain.from_iterable(texts)})}
    return np.fromiter(map(numbers.__getitem__, chain.from_iterable(texts)), np.int64)


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
