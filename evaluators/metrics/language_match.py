"""Answers in the language they should be in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Request
from evaluators.metrics.rowwise import RowMetric, check_references, text_rows
from evaluators.miss_rate import languages_differ
from evaluators.text.language import language_signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from evaluators.base import Example


class LanguageMatch(RowMetric):
    """1 where answer and reference are in the same language, else 0.

    A text of fewer than two letters, such as a number, is in no language and never a mismatch. With
    several references any of them will do.
    """

    name: Final = "language-match"
    proxy: Final = None

    def __init__(self, references: References = "max") -> None:
        self._references = check_references(references)

    @property
    def signature(self) -> Signature:
        """Names what tells languages apart."""
        return Signature.of(self.name, refs=self._references, by=language_signature())

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        return text_rows(examples, self.name, self._references, _same_language)


def _same_language(answer: str, reference: str) -> float:
    return float(not languages_differ(answer, reference))


def _build(request: Request) -> LanguageMatch:
    return LanguageMatch(references=request.references("max"))


ENTRIES = (
    Entry(
        LanguageMatch.name,
        "answers in their reference's language",
        "nothing",
        _build,
        (REFERENCES_OPTION,),
    ),
)
