"""COMET (Rei et al. 2020, COMET: A Neural Framework for MT Evaluation)."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final, Literal, get_args

import numpy as np

from evaluators.base import References, Signature
from evaluators.errors import EvaluationError, one_of
from evaluators.metrics.entry import REFERENCES_OPTION, Entry, Option, Request
from evaluators.metrics.rowwise import RowMetric, check_references, chosen, combine, require_text
from evaluators.miss_rate import languages_differ
from evaluators.neural.comet.model import CometModel
from evaluators.progress import advance, begin
from evaluators.text.language import language_signature

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from evaluators.base import Example

Mismatch = Literal["keep", "zero"]

_DEFAULT_MODEL: Final = "Unbabel/wmt22-comet-da"
_TEXTS_AT_ONCE: Final = 8192


class Comet(RowMetric):
    """A learned score of a translation, from its source and a reference.

    Gives unbabel-comet's numbers for regression metrics such as wmt22-comet-da, whose published
    checkpoints are read as they are. The source is ``meta["source"]``. With ``mismatch="zero"`` an
    answer in another language than the reference that counts scores 0, which the model itself does
    not do; answers too short to be in a language keep their score. Raises EvaluationError where the
    model or its encoder cannot be loaded, or is of a kind not handled.
    """

    name: Final = "comet"
    proxy: Final = None

    def __init__(
        self,
        model: str = _DEFAULT_MODEL,
        encoder: str | None = None,
        references: References = "first",
        *,
        mismatch: Mismatch = "keep",
        device: str | None = None,
    ) -> None:
        self._references = check_references(references)
        self._mismatch: Mismatch = mismatch
        self._model = CometModel(model, encoder, device=device)

    @property
    def signature(self) -> Signature:
        """Names the model with its digest, and what becomes of the wrong language."""
        zero = self._mismatch == "zero"
        return Signature.of(
            self.name,
            refs=self._references,
            model=f"{self._model.name}@{self._model.digest[:8]}",
            mismatch=self._mismatch,
            by=language_signature() if zero else None,
        )

    def rows(self, examples: Sequence[Example]) -> NDArray[np.float64]:
        """Return the row scores; raises EvaluationError for a row without source or reference."""
        require_text(examples, self.name)
        scores = np.empty(len(examples))
        begin(sum(2 + len(chosen(row, self._references)) for row in examples), "texts")
        start = 0
        while start < len(examples):
            end, texts = start, 0
            while end < len(examples) and (end == start or texts < _TEXTS_AT_ONCE):
                texts += 2 + len(chosen(examples[end], self._references))
                end += 1
            scores[start:end] = self._part(examples[start:end])
            start = end
        return scores

    def _part(self, examples: Sequence[Example]) -> list[float]:
        golds = [chosen(row, self._references) for row in examples]
        pairs = [(row, text) for row, group in zip(examples, golds, strict=True) for text in group]
        triples = [(_source(row), row.answer, text) for row, text in pairs]
        distinct = dict.fromkeys(chain.from_iterable(triples))
        places = {text: place for place, text in enumerate(distinct)}
        vectors = self._model.embed(list(distinct))
        # Texts that came several times were embedded once.
        advance(sum(2 + len(group) for group in golds) - len(distinct))
        source, answer, gold = (
            vectors[[places[text] for text in column]] for column in zip(*triples, strict=True)
        )
        found = self._model.scores(source, answer, gold)
        if self._mismatch == "zero":
            found[[languages_differ(row.answer, text) for row, text in pairs]] = 0.0
        edges = np.cumsum([len(group) for group in golds])[:-1]
        return [combine(group, self._references) for group in np.split(found, edges)]


def _source(example: Example) -> str:
    source = example.meta.get("source")
    if not source:
        raise EvaluationError(
            f"comet: row {example.id!r} has no source: give the text that was translated in a "
            "column named source"
        )
    return source


def _build(request: Request) -> Comet:
    return Comet(
        request.text("model"),
        request.values.get("encoder"),
        references=request.references("first"),
        mismatch=one_of("mismatch", request.text("mismatch"), get_args(Mismatch)),
    )


ENTRIES = (
    Entry(
        Comet.name,
        "a learned score of translations, from source and reference",
        "a COMET regression checkpoint; each row's source",
        _build,
        (
            Option("model", "hub name, or a folder with its files", default=_DEFAULT_MODEL),
            Option("encoder", "folder or hub name of the encoder's config and tokenizer"),
            Option(
                "mismatch",
                "an answer in another language than its reference",
                default="keep",
                choices=get_args(Mismatch),
            ),
            REFERENCES_OPTION,
        ),
    ),
)
