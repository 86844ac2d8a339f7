"""BLEURT (Sellam et al. 2020; Pu et al. 2021, Learning Compact Metrics for MT)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, check_references, chosen, combine, require_text
from evaluators.neural.bleurt.model import BleurtModel
from evaluators.progress import advance, begin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

_DEFAULT_MODEL: Final = "lucadiliello/BLEURT-20"
_PAIRS_AT_ONCE: Final = 4096


class Bleurt(RowMetric):
    """A learned score of how far an answer says what its reference says.

    Reads BLEURT-20 and its distilled versions in their conversion to torch. Scores are about 0 to
    1 but bounded by nothing. An empty answer gets what the model says of it. Raises EvaluationError
    where the model cannot be loaded or is of a kind not handled.
    """

    name: Final = "bleurt"
    proxy: Final = None

    def __init__(
        self,
        model: str = _DEFAULT_MODEL,
        references: References = "first",
        *,
        device: str | None = None,
    ) -> None:
        self._references = check_references(references)
        self._model = BleurtModel(model, device=device)

    @property
    def signature(self) -> Signature:
        """Names the model with its digest, and the activation it is computed with."""
        model = f"{self._model.name}@{self._model.digest[:8]}"
        return Signature.of(
            self.name, refs=self._references, model=model, act=self._model.activation
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        require_text(examples, self.name)
        begin(sum(len(chosen(row, self._references)) for row in examples), "pairs")
        golds = (chosen(row, self._references) for row in examples)
        scores = self._pair_scores(
            (gold, row.answer) for row, group in zip(examples, golds, strict=True) for gold in group
        )
        return np.fromiter(
            (
                combine(list(islice(scores, len(chosen(row, self._references)))), self._references)
                for row in examples
            ),
            dtype=np.float64,
            count=len(examples),
        )

    def _pair_scores(self, pairs: Iterator[tuple[str, str]]) -> Iterator[float]:
        """Yield the scores of pairs of reference and answer, computed many at a time."""
        while part := list(islice(pairs, _PAIRS_AT_ONCE)):
            places = {pair: place for place, pair in enumerate(dict.fromkeys(part))}
            references, answers = zip(*places, strict=True)
            found = self._model.scores(references, answers)
            # Equal pairs were scored once.
            advance(len(part) - len(places))
            yield from (float(found[places[pair]]) for pair in part)


def _build(request: Request) -> Bleurt:
    return Bleurt(request.text("model"), references=request.references("first"))


ENTRIES = (
    Entry(
        Bleurt.name,
        "a learned score of how well an answer conveys its reference",
        "BLEURT-20 converted to torch, sentencepiece",
        _build,
        (
            Option("model", "hub name, or a folder with its files", default=_DEFAULT_MODEL),
            REFERENCES_OPTION,
        ),
    ),
)
