"""ROUGE-Lsum: common subsequences sentence by sentence, sentences being lines."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from evaluators.metrics.entry import Entry
from evaluators.metrics.rouge import OPTIONS, Overlap, Rouge, check_stat, requested_tokens
from evaluators.text.lcs import lcs_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evaluators.base import Metric
    from evaluators.metrics.entry import Request
    from evaluators.metrics.rouge import Reading


class LineUnion:
    """For every reference line, the tokens that lie on its subsequence with any answer line.

    A token counts at most as often as either text has it, as in ROUGE 1.5.5 and rouge-score. For
    texts of one line it is ROUGE-L.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @property
    def options(self) -> dict[str, str]:
        """How texts are read and split."""
        return {**self._reading.options, "split": "newline"}

    def overlap(self, answer: str, reference: str) -> Overlap:
        """Return the size of the unions and both texts' lengths."""
        one, two = self._lines(answer), self._lines(reference)
        left = _counts(one) & _counts(two)
        shared = 0
        for line in two:
            for token in _on_any_subsequence(line, one):
                if left[token]:
                    left[token] -= 1
                    shared += 1
        return Overlap(shared, sum(map(len, one)), sum(map(len, two)))

    def _lines(self, text: str) -> list[Sequence[str]]:
        return [self._reading(line) for line in text.split("\n") if line]


def _counts(lines: Sequence[Sequence[str]]) -> Counter[str]:
    return Counter(token for line in lines for token in line)


def _on_any_subsequence(line: Sequence[str], others: Sequence[Sequence[str]]) -> list[str]:
    places = {pair.left for other in others for pair in lcs_pairs(line, other)}
    return [line[place] for place in sorted(places)]


def _build(request: Request) -> Metric:
    return Rouge(
        "rougeLsum",
        LineUnion(requested_tokens(request)),
        stat=check_stat(request.text("stat")),
        references=request.references("max"),
    )


ENTRIES = (
    Entry(
        "rougeLsum",
        "longest common subsequences line by line",
        "nothing",
        _build,
        OPTIONS,
    ),
)
