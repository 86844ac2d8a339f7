"""Cosine similarity of sentence embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import References, Signature
from evaluators.errors import EvaluationError
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, check_references, chosen, combine
from evaluators.progress import advance, begin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example
    from evaluators.encoders.base import Encoder

_ROWS_AT_ONCE: Final = 1024
_KEPT_BYTES: Final = 16 << 20


class Cosine(RowMetric):
    """Cosine of the answer's and a reference's vectors, negative values raised to 0.

    A vector of length 0 scores 0. ``Example.vector`` is used where present; otherwise the answer is
    encoded as it stands. ``clip=False`` keeps negative values. With a stand-in encoder the metric
    is a proxy, also where ``proxy`` gives no other reason. Formula, per reference:
    ``max(a.b / (|a| |b|), 0)``.

    Texts are encoded some rows at a time, so that memory does not grow with the rows. References'
    vectors are kept for the next system, as many as 16 MiB hold; others are encoded again.
    """

    name: Final = "cosine"

    def __init__(
        self,
        encoder: Encoder,
        references: References = "mean",
        clip: bool = True,
        proxy: str | None = None,
    ) -> None:
        self._encoder = encoder
        self._references = check_references(references)
        self._clip = clip
        self._known: dict[str, NDArray[np.float32]] = {}
        stand_in = f"stand-in encoder {encoder.name!r}" if encoder.offline else None
        self.proxy: Final = proxy or stand_in

    @property
    def signature(self) -> Signature:
        """Names the encoder by name and digest."""
        return Signature.of(
            self.name,
            refs=self._references,
            encoder=f"{self._encoder.name}@{self._encoder.digest[:8]}",
            dims=self._encoder.dimension,
            clip=self._clip,
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError for an unusable vector or no reference."""
        self._check(examples)
        scores = np.empty(len(examples))
        begin(len(examples), "rows")
        for start in range(0, len(examples), _ROWS_AT_ONCE):
            part = examples[start : start + _ROWS_AT_ONCE]
            scores[start : start + len(part)] = self._part(part)
            advance(len(part))
        return scores

    def _part(self, examples: Sequence[Example]) -> list[float]:
        texts = [chosen(row, self._references) for row in examples]
        counts = [len(group) for group in texts]
        left = np.repeat(self._answers(examples), counts, axis=0)
        known = self._vectors(text for group in texts for text in group)
        right = np.stack([known[text] for group in texts for text in group])
        values = cosines(left, right)
        if self._clip:
            values = np.maximum(values, 0.0)
        groups = np.split(values, np.cumsum(counts)[:-1])
        return [combine(group, self._references) for group in groups]

    def similarity(
        self, candidates: Sequence[str], references: Sequence[str]
    ) -> Callable[[slice], NDArray[np.float64]]:
        """Return a function from a slice of candidates to their cosines with every reference."""
        left, right = (_unit(self._encoder.encode(list(t))) for t in (candidates, references))

        def block(part: slice) -> NDArray[np.float64]:
            cosines = np.clip(left[part] @ right.T, 0.0 if self._clip else -1.0, 1.0)
            return cosines.astype(np.float64)

        return block

    def _check(self, examples: Sequence[Example]) -> None:
        """Find what cannot be scored before hours go into encoding what can."""
        for row in examples:
            chosen(row, self._references)
            if row.vector is not None:
                _check_vector(row.id, row.vector, self._encoder.dimension)

    def _vectors(self, texts: Iterable[str]) -> dict[str, NDArray[np.float32]]:
        distinct = dict.fromkeys(texts)
        found = {text: self._known[text] for text in distinct if text in self._known}
        missing = [text for text in distinct if text not in found]
        if missing:
            found.update(zip(missing, self._encoder.encode(missing), strict=True))
            room = _KEPT_BYTES // (4 * self._encoder.dimension) - len(self._known)
            # A vector alone: one that is part of its block's would keep the whole block.
            self._known.update((text, found[text].copy()) for text in missing[: max(0, room)])
        return found

    def _answers(self, examples: Sequence[Example]) -> NDArray[np.float32]:
        vectors = np.empty((len(examples), self._encoder.dimension), dtype=np.float32)
        written = [place for place, row in enumerate(examples) if row.vector is None]
        if written:
            vectors[written] = self._encoder.encode([examples[place].answer for place in written])
        for place, row in enumerate(examples):
            if row.vector is not None:
                vectors[place] = row.vector
        return vectors


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(
        vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0
    )
    return unit


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the cosine of each pair of rows, in double precision; 0 where a length is 0."""
    one, two = left.astype(np.float64), right.astype(np.float64)
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(two, axis=1)
    products = np.einsum("ij,ij->i", one, two)
    ratios = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    bounded: NDArray[np.float64] = np.clip(ratios, -1.0, 1.0)
    return bounded


def _check_vector(row: str, vector: NDArray[np.float32], dimension: int) -> None:
    if vector.shape != (dimension,):
        raise EvaluationError(
            f"row {row!r} holds a vector of shape {vector.shape} where the encoder has {dimension} "
            "dimensions: use --encoder with the model that made the vectors"
        )
    if not np.isfinite(vector).all():
        raise EvaluationError(f"row {row!r} holds a vector with values that are not finite numbers")


def _build(request: Request) -> Cosine:
    encoder = request.encoder(Cosine.name)
    return Cosine(encoder, references=request.references(), clip=request.flag("clip"))


ENTRIES = (
    Entry(
        Cosine.name,
        "cosine of sentence embeddings, negative values raised to 0",
        "an encoder",
        _build,
        (
            REFERENCES_OPTION,
            Option("clip", "raise negative values to 0", default="1", kind="flag"),
        ),
    ),
)
