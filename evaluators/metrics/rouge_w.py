"""KLUE-MRC's ROUGE-W."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Request
from evaluators.metrics.golds import with_golds
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows
from evaluators.text.normalize import normalize

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example


class RougeW(RowMetric):
    """F1 of the longest run of characters that answer and gold share, spaces among them.

    As KLUE-baseline computes it (``klue_baseline/metrics/utils.py``): texts normalised by its rule,
    the best gold counts, and a question without an answer wants an empty one. The run is the one
    that ``difflib`` finds, which in a gold of 200 characters or more starts no run at a character
    that makes up over a hundredth of it. It is not the weighted LCS that ROUGE-W is elsewhere.
    """

    name: Final = "rougeW"
    proxy: Final = None

    def __init__(self, references: References = "max") -> None:
        self._references = check_references(references)
        self.signature: Final = Signature.of(self.name, rule="klue", refs=self._references)

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores."""
        return text_rows(with_golds(examples, "klue"), self.name, self._references, longest_run_f1)


def longest_run_f1(answer: str, gold: str) -> float:
    """Return KLUE-MRC's ROUGE-W of one pair of texts."""
    one, two = normalize(answer, "klue"), normalize(gold, "klue")
    if not one or not two:
        return float(one == two)
    shared = SequenceMatcher(None, one, two).find_longest_match(0, len(one), 0, len(two)).size
    return 2 * shared / (len(one) + len(two))


def _build(request: Request) -> RougeW:
    return RougeW(references=request.references("max"))


ENTRIES = (
    Entry(
        RougeW.name,
        "longest common run of characters, as KLUE-MRC scores",
        "nothing",
        _build,
        (REFERENCES_OPTION,),
    ),
)
