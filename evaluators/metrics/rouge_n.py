"""ROUGE-1 and ROUGE-2: n-grams in common."""

from __future__ import annotations

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Final

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
from evaluators.metrics.rouge_legacy import EPSILON, DistinctNgrams
from evaluators.tokenizers import cached_tokenizer
from evaluators.tokenizers.mecab import Mecab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.base import Metric
    from evaluators.metrics.entry import Request
    from evaluators.metrics.rouge import Reading

_NIKL_REMOVED: Final = re.compile("[^a-z0-9가-힣]")
_NIKL_WORDS: Final = 1000


class Ngrams:
    """Runs of ``n`` tokens, each counted as often as both texts have it."""

    def __init__(self, n: int, reading: Reading) -> None:
        self._n = n
        self._reading = reading

    @property
    def options(self) -> dict[str, str]:
        """How texts are read."""
        return self._reading.options

    def overlap(self, answer: str, reference: str) -> Overlap:
        """Count what both have."""
        one, two = self._counts(answer), self._counts(reference)
        few, many = (one, two) if len(one) < len(two) else (two, one)
        shared = sum(min(count, many[ngram]) for ngram, count in few.items() if ngram in many)
        return Overlap(shared, one.total(), two.total())

    def _counts(self, text: str) -> Counter[tuple[str, ...]]:
        tokens = self._reading(text)
        return Counter(zip(*(tokens[start:] for start in range(self._n)), strict=False))


class NiklTokens:
    """NIKL's scorer: at most 1,000 words, lower case, only Latin letters, digits and syllables.

    Everything else, jamo and Hanja too, becomes a space before the morphemes are taken. Spaces at
    either end are removed first, because a leading one can change the segmentation.
    """

    def __init__(self) -> None:
        self._tokenizer = Mecab()
        self._tokens = cached_tokenizer(self._read)

    @property
    def options(self) -> dict[str, str]:
        """The rule and the analyser's versions."""
        return {"rule": "nikl", "strip": "1", "tok": self._tokenizer.signature}

    def __call__(self, text: str) -> Sequence[str]:
        """Return the morphemes."""
        return self._tokens(text)

    def _read(self, text: str) -> list[str]:
        words = " ".join(text.split()[:_NIKL_WORDS])
        return self._tokenizer(_NIKL_REMOVED.sub(" ", words.lower()).strip())


def _build(n: int, request: Request) -> Metric:
    name = f"rouge{n}"
    rule = requested_rule(request, name)
    stat = check_stat(request.text("stat"))
    if rule == "legacy":
        return Rouge(
            name,
            DistinctNgrams(n),
            stat=stat,
            references=request.references("first"),
            epsilon=EPSILON,
        )
    if rule == "nikl":
        given = request.references() if "references" in request.values else None
        return Rouge(name, Ngrams(n, NiklTokens()), stat=stat, references=given)
    return Rouge(
        name,
        Ngrams(n, requested_tokens(request)),
        stat=stat,
        references=request.references("max"),
    )


ENTRIES = (
    Entry(
        "rouge1",
        "tokens in common",
        "nothing",
        partial(_build, 1),
        (*OPTIONS, rule_option("nikl", "legacy")),
    ),
    Entry(
        "rouge2",
        "pairs of neighbouring tokens in common",
        "nothing",
        partial(_build, 2),
        (*OPTIONS, rule_option("legacy")),
    ),
)
