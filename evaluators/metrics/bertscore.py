"""BERTScore F1 (Zhang et al. 2020), without idf weights or rescaling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.errors import EvaluationError
from evaluators.metrics.base import References, Signature
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import (
    RowMetric,
    check_references,
    chosen,
    combine,
    require_text,
)
from evaluators.metrics.token_vectors import TokenEncoder, TokenVectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.metrics.base import Example

_ROWS_AT_ONCE: Final = 256


class BertScore(RowMetric):
    """F1 of greedy token matching between an answer's and a reference's contextual vectors.

    Gives the numbers of the bert-score package (the best reference counts unless ``references``
    says otherwise) and takes what that package stumbles over: empty texts score 0, and any
    encoder, decoder or encoder-decoder model works, from a local folder or a hub. Raises
    EvaluationError if the model cannot be loaded or has no such layer.
    """

    name: Final = "bertscore"
    proxy: Final = False

    def __init__(
        self,
        model: str,
        layer: int | None = None,
        references: References = "max",
        *,
        batch_size: int = 32,
        device: str | None = None,
    ) -> None:
        self._references = check_references(references)
        self._tokens = TokenEncoder(model, layer, batch_size, device)

    @property
    def signature(self) -> Signature:
        """Names the model, its digest and the layer."""
        return Signature.of(
            self.name,
            refs=self._references,
            model=f"{self._tokens.name}@{self._tokens.digest[:8]}",
            layer=self._tokens.layer,
            idf=False,
            rescale=False,
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError where a row has no reference."""
        require_text(examples, self.name)
        scores = np.empty(len(examples))
        for start in range(0, len(examples), _ROWS_AT_ONCE):
            part = examples[start : start + _ROWS_AT_ONCE]
            scores[start : start + len(part)] = self._part(part)
        return scores

    def _part(self, examples: Sequence[Example]) -> list[float]:
        golds = [chosen(row, self._references) for row in examples]
        texts = [row.answer for row in examples] + [text for group in golds for text in group]
        found = self._tokens.encode([text for text in texts if text.strip()])
        return [
            combine(
                [greedy_f1(found.get(row.answer), found.get(gold)) for gold in group],
                self._references,
            )
            for row, group in zip(examples, golds, strict=True)
        ]


def greedy_f1(answer: TokenVectors | None, reference: TokenVectors | None) -> float:
    """Return F1 of the best cosine of each counted token; 0 where a side has none."""
    if answer is None or reference is None:
        return 0.0
    if not (bool(answer.counts.any()) and bool(reference.counts.any())):
        return 0.0
    similarity = answer.vectors @ reference.vectors.T
    precision = float(similarity.max(dim=1).values[answer.counts].mean())
    recall = float(similarity.max(dim=0).values[reference.counts].mean())
    total = precision + recall
    return 2 * precision * recall / total if total else 0.0


def _build(request: Request) -> BertScore:
    if "model" not in request.values:
        raise EvaluationError(
            "bertscore needs a model: write bertscore:model=PATH or, for example, "
            "bertscore:model=bert-base-multilingual-cased"
        )
    return BertScore(
        request.text("model"), request.integer("layer"), references=request.references("max")
    )


ENTRIES = (
    Entry(
        BertScore.name,
        "greedy matching of contextual token vectors, F1",
        "a model: model=PATH or a hub name",
        _build,
        (
            Option("model", "local folder or hub name"),
            Option("layer", "which layer; the recommended one, else the last", kind="integer"),
            REFERENCES_OPTION,
        ),
    ),
)
