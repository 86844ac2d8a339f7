"""BM25 over the words of the chunks, by bm25s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from submission.recipes.base import Table
from submission.retrieval.tokens import WAYS


class Sparse(Table):
    """What a word is, and the parameters of BM25 (Robertson and Zaragoza, 2009; Lucene's form)."""

    tokens: Literal["morphemes", "bigrams", "mixed", "words"] = "mixed"
    k1: float = Field(default=1.5, ge=0.0, le=10.0)
    b: float = Field(default=0.75, ge=0.0, le=1.0)


class Bm25:
    """Scores of every chunk for the words of a question."""

    def __init__(
        self, arrays: dict[str, NDArray[Any]], vocabulary: Sequence[str], way: str
    ) -> None:
        self._model = _model(Sparse())
        self._model.scores = {
            "data": arrays["data"],
            "indices": arrays["indices"],
            "indptr": arrays["indptr"],
            "num_docs": int(arrays["count"]),
        }
        self._model.vocab_dict = {word: place for place, word in enumerate(vocabulary)}
        self._model.nonoccurrence_array = None
        self._model.unique_token_ids_set = set(self._model.vocab_dict.values())
        self._count = int(arrays["count"])
        self._tokens = WAYS[way]

    def scores(self, questions: Sequence[str]) -> Iterator[NDArray[np.float32]]:
        """A score for every chunk, question by question; 0 where it has none of the words."""
        for tokens in self._tokens(questions):
            known = [token for token in tokens if token in self._model.vocab_dict]
            if known:
                yield np.asarray(self._model.get_scores(known), dtype=np.float32)
            else:
                yield np.zeros(self._count, dtype=np.float32)

    def frequency(self, word: str) -> int:
        """How many chunks have a word."""
        place = self._model.vocab_dict.get(word)
        if place is None:
            return 0
        starts = self._model.scores["indptr"]
        return int(starts[place + 1] - starts[place])

    def known(self, question: str) -> list[str]:
        """The words of a question that any chunk has."""
        return [token for token in self._tokens([question])[0] if token in self._model.vocab_dict]


def indexed(
    tokens: Sequence[Sequence[str]], sparse: Sparse
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """What :class:`Bm25` needs of the words of all chunks: arrays, and the vocabulary."""
    if not any(tokens):
        empty = np.zeros(0, dtype=np.int32)
        count = np.array(len(tokens))
        return {"data": empty, "indices": empty, "indptr": empty, "count": count}, []
    model = _model(sparse)
    model.index([list(each) for each in tokens], create_empty_token=False, show_progress=False)
    vocabulary = sorted(model.vocab_dict, key=model.vocab_dict.__getitem__)
    scores = {name: model.scores[name] for name in ("data", "indices", "indptr")}
    return {**scores, "count": np.array(len(tokens))}, vocabulary


def _model(sparse: Sparse) -> Any:
    import bm25s

    return bm25s.BM25(k1=sparse.k1, b=sparse.b, method="lucene")
