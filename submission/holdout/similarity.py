"""How alike two questions are, by the characters they share.

A text is the set of its character pairs and triples, spaces and punctuation apart. The similarity
of two sets is the weight of what they share over the geometric mean of their weights (a cosine);
an n-gram weighs more the fewer texts hold it, so that "…의 장점은 무엇인가요?" or the labels of a
form say little. All sums are of integers, and the one division that follows is correctly rounded
everywhere: a pair lies on the same side of a threshold on every machine.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

Integers = NDArray[np.int64]

_SIZES = (2, 3)
_BLOCK_ROWS = 512
_BLOCK_PAIRS = 20_000
_ROUNDING = 1e-9
_STEP = 0.1


class Pair(NamedTuple):
    """Two texts by their places, and how alike they are."""

    left: int
    right: int
    similarity: float


class Pairs(NamedTuple):
    """Many pairs, column by column."""

    left: Integers
    right: Integers
    similarity: NDArray[np.float64]


def normal_form(text: str) -> str:
    """The letters and digits of a text: spelling without case, width, spaces or punctuation."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(filter(str.isalnum, folded)) or "".join(folded.split())


@dataclass(frozen=True)
class Measure:
    """The weights of n-grams, learnt from a collection of texts."""

    texts: int
    held_by: Mapping[str, int]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Measure:
        """Learn from these texts; what is the same in normal form counts once."""
        forms = {normal_form(text) for text in texts}
        counts: Counter[str] = Counter()
        for form in forms:
            counts.update(_ngrams(form))
        return cls(len(forms), counts)

    def near_duplicates(
        self, texts: Sequence[str], threshold: float, others: Sequence[str] | None = None
    ) -> Iterator[Pairs]:
        """All pairs of texts that are at least this similar: of a text and one of the ``others``,
        or without them of two texts, each pair once.
        """
        if others is None:
            vectors = self._vectors(texts)
            return _pairs(vectors, vectors, threshold)
        vectors = self._vectors([*texts, *others])
        return _pairs(
            vectors.rows(0, len(texts)), vectors.rows(len(texts), len(vectors)), threshold
        )

    def closest(self, left: Sequence[str], right: Sequence[str], guess: float) -> Pair | None:
        """The most similar pair of a left and a right text; None if no two share anything.

        A ``guess`` at its similarity saves time where it is near: only pairs at least so similar
        are looked at first, and less similar ones only while there are none.
        """
        vectors = self._vectors([*left, *right])
        first, second = vectors.rows(0, len(left)), vectors.rows(len(left), len(vectors))
        threshold = guess
        while True:
            best = [_best(pairs) for pairs in _pairs(first, second, threshold)]
            if best:
                return min(best, key=lambda pair: (-pair.similarity, pair.left, pair.right))
            if threshold == 0:
                return None
            threshold = max(threshold - _STEP, 0.0)

    def _vectors(self, texts: Sequence[str]) -> _Vectors:
        held = [_ngrams(normal_form(text)) for text in texts]
        # From rare to common: rare n-grams are where similar texts are looked for.
        order = sorted(set().union(*held), key=lambda ngram: (self._count(ngram), ngram))
        place = {ngram: number for number, ngram in enumerate(order)}
        weights = np.array([self._weight(ngram) for ngram in order], dtype=np.int64)
        starts = np.cumsum([0, *map(len, held)])
        columns = np.fromiter(
            (number for ngrams in held for number in sorted(place[ngram] for ngram in ngrams)),
            dtype=np.int32,
            count=int(starts[-1]),
        )
        return _Vectors(starts, columns, weights)

    def _count(self, ngram: str) -> int:
        return self.held_by.get(ngram, 1)

    def _weight(self, ngram: str) -> int:
        return max(self.texts // self._count(ngram), 1).bit_length()


def _ngrams(form: str) -> set[str]:
    found = {form[i : i + size] for size in _SIZES for i in range(len(form) - size + 1)}
    return found or {form}


class _Vectors:
    """Texts as sorted sets of n-gram numbers, from the rarest to the most common."""

    def __init__(self, starts: Integers, columns: NDArray[np.int32], weights: Integers) -> None:
        self.starts = starts
        self.columns = columns
        self.weights = weights
        self.before = np.concatenate([[0], np.cumsum(weights[columns])])
        self.totals = self.before[starts[1:]] - self.before[starts[:-1]]

    def __len__(self) -> int:
        return len(self.totals)

    def rows(self, start: int, stop: int) -> _Vectors:
        """Some of the texts."""
        first, last = self.starts[start], self.starts[stop]
        return _Vectors(
            self.starts[start : stop + 1] - first, self.columns[first:last], self.weights
        )

    def matrix(self, *, weighted: bool = False) -> csr_matrix:
        """One row per text, one column per n-gram."""
        values = self.weights[self.columns] if weighted else np.ones_like(self.columns, np.int64)
        shape = (len(self), len(self.weights))
        return csr_matrix((values, self.columns, self.starts), shape=shape)

    def prefixes(self, threshold: float) -> _Prefixes:
        """Of each text the rarest n-grams, one of which any text this similar shares.

        Sharing only what is left would not weigh enough: texts A and B at least ``threshold``
        alike share at least ``threshold² · weight(A)``.
        """
        row_of = np.repeat(np.arange(len(self)), np.diff(self.starts))
        left = self.before[self.starts[1:]][row_of] - self.before[:-1]
        kept = left >= threshold**2 * (1 - _ROUNDING) * self.totals[row_of]
        starts = np.concatenate([[0], np.cumsum(kept)])[self.starts]
        columns = self.columns[kept]
        known = np.concatenate([[0], np.cumsum(self.weights[columns])])[starts]
        ones = np.ones_like(columns, np.int64)
        matrix = csr_matrix((ones, columns, starts), shape=(len(self), len(self.weights)))
        return _Prefixes(matrix, self.totals - np.diff(known))


class _Prefixes(NamedTuple):
    """The rarest n-grams of each text, and the weight of all its others."""

    matrix: csr_matrix
    rest: Integers


def _best(pairs: Pairs) -> Pair:
    place = int(np.argmax(pairs.similarity))
    return Pair(*(column[place].item() for column in pairs))


def _pairs(left: _Vectors, right: _Vectors, threshold: float) -> Iterator[Pairs]:
    """The pairs of a left and a right text that are at least this similar.

    Of a collection with itself, each pair once.
    """
    weighted, plain = left.matrix(weighted=True), right.matrix()
    for rows, columns in _candidates(left, right, threshold):
        shared = np.asarray(weighted[rows].multiply(plain[columns]).sum(axis=1)).ravel()
        similarity = shared / np.sqrt(left.totals[rows] * right.totals[columns])
        near = similarity >= threshold
        if near.any():
            yield Pairs(rows[near], columns[near], similarity[near])


def _candidates(
    left: _Vectors, right: _Vectors, threshold: float
) -> Iterator[tuple[Integers, Integers]]:
    """Pairs that may be this similar, by row and then by column; all others are not."""
    wanted, offered = left.prefixes(threshold), right.prefixes(threshold)
    weighted = wanted.matrix.multiply(left.weights).tocsr()
    across = offered.matrix.T.tocsr()
    least = threshold * (1 - _ROUNDING)
    for start in range(0, len(left), _BLOCK_ROWS):
        found = weighted[start : start + _BLOCK_ROWS] @ across
        found.sort_indices()
        rows = np.repeat(np.arange(found.shape[0], dtype=np.int64), np.diff(found.indptr)) + start
        columns = found.indices.astype(np.int64)
        # What two texts share beyond both prefixes lies in the rest of the one whose prefix ends
        # at the rarer n-gram.
        most = found.data + np.maximum(wanted.rest[rows], offered.rest[columns])
        possible = most >= least * np.sqrt(left.totals[rows] * right.totals[columns])
        if left is right:
            possible &= rows < columns
        rows, columns = rows[possible], columns[possible]
        for first in range(0, len(rows), _BLOCK_PAIRS):
            chunk = slice(first, first + _BLOCK_PAIRS)
            yield rows[chunk], columns[chunk]
