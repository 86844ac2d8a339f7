"""What the ROUGE metrics share: reading texts, sharing out overlaps, and their options.

ROUGE is Lin's (2004, ROUGE: A Package for Automatic Evaluation of Summaries). Each variant says
how much two texts share; everything else is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, get_args

import numpy as np

from evaluators.base import References, Signature
from evaluators.errors import EvaluationError, one_of
from evaluators.metrics.entry import REFERENCES_OPTION, Option
from evaluators.metrics.rowwise import (
    RowMetric,
    check_references,
    chosen,
    require_text,
    text_rows,
)
from evaluators.tokenizers import TOKENIZERS, cached_tokenizer, tokenizer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.metrics.entry import Request
    from evaluators.tokenizers import Tokenizer

Stat = Literal["f", "p", "r"]
_STATS: Final[tuple[Stat, ...]] = get_args(Stat)


class Overlap(NamedTuple):
    """How many units are shared, and how many each side has."""

    shared: int
    answer: int
    reference: int

    def share(self, stat: Stat, epsilon: float = 0.0) -> float:
        """Return precision, recall, or their F1, whose denominator ``epsilon`` is added to."""
        if not self.shared:
            return 0.0
        precision, recall = self.shared / self.answer, self.shared / self.reference
        if stat == "f":
            return 2 * precision * recall / (precision + recall + epsilon)
        return precision if stat == "p" else recall


class Reading(Protocol):
    """How a text becomes tokens."""

    @property
    def options(self) -> dict[str, str]:
        """What the signature says of it."""
        ...

    def __call__(self, text: str) -> Sequence[str]:
        """Return the tokens."""
        ...


class Tokens:
    """A tokenizer's tokens, of the text in lower case unless told otherwise."""

    def __init__(self, tokenizer: Tokenizer, lowercase: bool = True) -> None:
        self._tokenizer = tokenizer
        self._lowercase = lowercase
        self._tokens = cached_tokenizer(tokenizer)

    @property
    def options(self) -> dict[str, str]:
        """Tokenizer and case."""
        return {"tok": self._tokenizer.signature, "case": "lc" if self._lowercase else "mixed"}

    def __call__(self, text: str) -> Sequence[str]:
        """Return the tokens."""
        return self._tokens(text.lower() if self._lowercase else text)


class Variant(Protocol):
    """One ROUGE: what two texts share."""

    @property
    def options(self) -> dict[str, str]:
        """What the signature says of it."""
        ...

    def overlap(self, answer: str, reference: str) -> Overlap:
        """Compare two texts."""
        ...


class Rouge(RowMetric):
    """A ROUGE (Lin 2004, ROUGE: A Package for Automatic Evaluation of Summaries) per row, 0 to 1.

    Precision is ``shared / answer``, recall ``shared / reference``, in the units that ``variant``
    counts; F1 is ``2PR / (P + R + epsilon)``. ``references=None`` pools the references: what is
    shared and what each side has is summed over them, and gives one score.
    """

    proxy: Final = None

    def __init__(
        self,
        name: str,
        variant: Variant,
        *,
        stat: Stat = "f",
        references: References | None = "max",
        epsilon: float = 0.0,
    ) -> None:
        self.name: Final = name
        self._variant = variant
        self._stat = check_stat(stat)
        self._references = None if references is None else check_references(references)
        self._epsilon = epsilon

    @property
    def signature(self) -> Signature:
        """Names the variant's options, the statistic and the references."""
        references = self._references or "pooled"
        return Signature.of(self.name, stat=self._stat, refs=references, **self._variant.options)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        if self._references is not None:
            return text_rows(examples, self.name, self._references, self._compare)
        require_text(examples, self.name)
        return np.fromiter(map(self._pooled, examples), dtype=np.float64, count=len(examples))

    def _pooled(self, row: Example) -> float:
        overlaps = [self._variant.overlap(row.answer, gold) for gold in chosen(row, "max")]
        return Overlap(*map(sum, zip(*overlaps, strict=True))).share(self._stat, self._epsilon)

    def _compare(self, answer: str, reference: str) -> float:
        return self._variant.overlap(answer, reference).share(self._stat, self._epsilon)


def check_stat(stat: str) -> Stat:
    """Return ``stat`` if it names a statistic; raises EvaluationError otherwise."""
    return one_of("stat", stat, _STATS)


# A rule decides tokenizer and case, so these two have no default that could be told from a wish.
OPTIONS: Final = (
    Option("tokenizer", "tokenizer; mecab by default", choices=TOKENIZERS),
    Option("lowercase", "compare in lower case; yes by default", kind="flag"),
    Option("stat", "F1, precision or recall", default="f", choices=_STATS),
    REFERENCES_OPTION,
)


def rule_option(*rules: str) -> Option:
    """Return the option that asks for another scorer's own way."""
    return Option("rule", "as another scorer computes it, tokens included", choices=rules)


def requested_rule(request: Request, metric: str) -> str | None:
    """Return the rule asked for; raises EvaluationError where tokens are asked for beside it."""
    rule = request.values.get("rule")
    extra = [name for name in ("tokenizer", "lowercase") if name in request.values]
    if rule and extra:
        raise EvaluationError(
            f"{metric}: rule={rule} decides {' and '.join(extra)} itself: remove it"
        )
    return rule


def requested_tokens(request: Request) -> Tokens:
    """Return the reading that the options ask for."""
    lowercase = request.flag("lowercase") if "lowercase" in request.values else True
    return Tokens(tokenizer(request.values.get("tokenizer", "mecab")), lowercase)
