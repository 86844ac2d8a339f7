"""BLEU-1 of each answer, averaged, as NIKL and older question answering work compute BLEU."""

from __future__ import annotations

from collections import Counter
from math import exp
from typing import TYPE_CHECKING, Final, Literal, get_args

from evaluators.base import References, Signature
from evaluators.errors import one_of
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows
from evaluators.tokenizers import cached_tokenizer
from evaluators.tokenizers.mecab import KonlpyMecab
from evaluators.tokenizers.whitespace import Whitespace

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.tokenizers import Tokenizer

Bleu1Rule = Literal["nikl", "legacy"]
RULES: Final[tuple[Bleu1Rule, ...]] = get_args(Bleu1Rule)


class Bleu1(RowMetric):
    """Clipped share of the answer's tokens that the reference has, times the brevity penalty.

    NLTK's ``sentence_bleu`` with the weights (1, 0, 0, 0) and no smoothing (Papineni et al. 2002):
    over Mecab morphemes as konlpy lists them for ``nikl``, over words for ``legacy``. Each
    reference is scored on its own; by default ``nikl`` averages them and ``legacy`` takes the
    first.
    """

    name: Final = "bleu1"
    proxy: Final = None

    def __init__(self, rule: Bleu1Rule = "nikl", references: References | None = None) -> None:
        self._rule = one_of("rule", rule, RULES)
        self._references = check_references(references or _rule_references(self._rule))
        self._tokenizer: Tokenizer = KonlpyMecab() if rule == "nikl" else Whitespace()
        self._tokens = cached_tokenizer(self._tokenizer)

    @property
    def signature(self) -> Signature:
        """Names the rule and its tokenizer."""
        return Signature.of(
            self.name,
            rule=self._rule,
            refs=self._references,
            tok=self._tokenizer.signature,
            smooth="none",
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        return text_rows(examples, self.name, self._references, self._compare)

    def _compare(self, answer: str, reference: str) -> float:
        return unigram_bleu(Counter(self._tokens(answer)), Counter(self._tokens(reference)))


def unigram_bleu(answer: Counter[str], reference: Counter[str]) -> float:
    """Return BLEU-1 of two bags of tokens; 0 where they share nothing."""
    shared = (answer & reference).total()
    if not shared:
        return 0.0
    long, wanted = answer.total(), reference.total()
    penalty = 1.0 if long > wanted else exp(1 - wanted / long)
    return penalty * shared / long


def _rule_references(rule: Bleu1Rule) -> References:
    return "mean" if rule == "nikl" else "first"


def _build(request: Request) -> Bleu1:
    rule = one_of("rule", request.text("rule"), RULES)
    return Bleu1(rule, references=request.references(_rule_references(rule)))


ENTRIES = (
    Entry(
        Bleu1.name,
        "BLEU-1 of each answer, averaged, without smoothing",
        "nothing",
        _build,
        (
            Option(
                "rule",
                "Mecab morphemes (nikl) or words (legacy)",
                default="nikl",
                choices=RULES,
            ),
            REFERENCES_OPTION,
        ),
    ),
)
