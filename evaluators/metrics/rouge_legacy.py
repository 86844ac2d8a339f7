"""ROUGE as the package ``rouge`` 1.0.1 has it, which older Korean question answering work reports.

Three things differ from ROUGE: words are what whitespace separates once the text is cut at every
full stop, n-grams and words count once however often they occur, and 1e-8 is added to F1's
denominator, so that equal texts score a little less than 1. Where that package stops with an
error, on an empty text, the score here is 0.
"""

from __future__ import annotations

from typing import Final

from evaluators.metrics.rouge import Overlap
from evaluators.text.lcs import lcs_pairs

EPSILON: Final = 1e-8
"""What ``rouge`` adds to the denominator of F1."""

_OPTIONS: Final = {"rule": "legacy", "tok": "whitespace", "like": "rouge-1.0.1"}


class DistinctNgrams:
    """The set of a text's runs of ``n`` words, sentence ends being no border."""

    def __init__(self, n: int) -> None:
        self._n = n

    @property
    def options(self) -> dict[str, str]:
        """The rule."""
        return _OPTIONS

    def overlap(self, answer: str, reference: str) -> Overlap:
        """Count what both have."""
        one, two = self._ngrams(answer), self._ngrams(reference)
        return Overlap(len(one & two), len(one), len(two))

    def _ngrams(self, text: str) -> set[tuple[str, ...]]:
        words = [word for sentence in _sentences(text) for word in sentence]
        return set(zip(*(words[start:] for start in range(self._n)), strict=False))


class UnionOfSentences:
    """The distinct words on any common subsequence of a reference's and an answer's sentence."""

    @property
    def options(self) -> dict[str, str]:
        """The rule."""
        return _OPTIONS

    def overlap(self, answer: str, reference: str) -> Overlap:
        """Return the size of the union and the distinct words of both texts."""
        one, two = _sentences(answer), _sentences(reference)
        # Of several longest subsequences that package keeps the one found from the answer's side.
        union = {
            sentence[pair.right]
            for sentence in two
            for other in one
            for pair in lcs_pairs(other, sentence)
        }
        return Overlap(len(union), _distinct(one), _distinct(two))


def _sentences(text: str) -> list[list[str]]:
    # A sentence of spaces is one empty word there, and two such sentences match.
    return [part.split() or [""] for part in text.split(".") if part]


def _distinct(sentences: list[list[str]]) -> int:
    return len({word for sentence in sentences for word in sentence})
