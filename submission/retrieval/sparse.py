"""BM25 over the words of the chunks, by bm25s."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    tokens: Iterable[Sequence[str]], sparse: Sparse
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """What :class:`Bm25` needs of the words of all chunks: arrays, and the vocabulary."""
    places: dict[str, int] = {}
    # A number of one place is one object: a word costs a pointer.
    every = [[places.setdefault(word, len(places)) for word in words] for words in tokens]
    count = np.array(len(every))
    if not places:
        empty = np.zeros(0, dtype=np.int32)
        return {"data": empty, "indices": empty, "indptr": empty, "count": count}, []
    model = _model(sparse)
    scores = model.build_index_from_ids([*places.values()], every, show_progress=False)
    return {**{name: scores[name] for name in ("data", "indices", "indptr")}, "count": count}, [
        *places
    ]


def _model(sparse: Sparse) -> Any:
    import bm25s

    return bm25s.BM25(k1=sparse.k1, b=sparse.b, method="lucene")
