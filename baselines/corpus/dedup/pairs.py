"""Which records are alike: candidates by several ways, each verified by its own measure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from baselines.corpus.dedup.look import Compared, Spread, texts_of
from baselines.corpus.folder import Corpus
from baselines.corpus.similarity.bands import Bands
from baselines.corpus.similarity.clusters import Pair
from baselines.corpus.similarity.joins import SetIndex
from baselines.corpus.similarity.minhash import Bucketed, band_key, bucket_pairs
from baselines.corpus.similarity.text import SHORT_GRAM, Shingles, jaccard, shingles, shingles_of
from baselines.corpus.steps import Cluster

HELD: Final = 50_000
"""Records whose shingles are in a process's memory at once."""
FEWEST_IN_BLOCK: Final = 1_000
GROUPS: Final = 64
"""Groups of buckets that a cluster shuffles: more than processors, few enough to be large."""
MOST_BY_VECTORS: Final = 100_000
BLOCK: Final = 2_048


def exact_pairs(digests: NDArray[np.uint64]) -> tuple[list[Pair], NDArray[np.bool_]]:
    """Each record with the first of the same digest, and which records are such firsts."""
    ordered = np.lexsort((digests[:, 1], digests[:, 0]))
    same = np.concatenate(([False], (digests[ordered[1:]] == digests[ordered[:-1]]).all(axis=1)))
    empty = (digests == 0).all(axis=1)
    group = np.cumsum(~same) - 1
    firsts = ordered[~same][group]
    pairs = [
        Pair(int(first), int(number), 1.0, "exact")
        for first, number in zip(firsts[same], ordered[same], strict=True)
        if not empty[number]
    ]
    distinct = ~empty
    distinct[[pair.second for pair in pairs]] = False
    return pairs, distinct


def near_pairs(
    corpus: Corpus,
    candidates: NDArray[np.int64],
    what: Compared,
    threshold: float,
    spread: Spread = map,
) -> Iterator[Pair]:
    """The candidates whose shingles are as alike as that, by exact Jaccard similarity."""
    blocks = [block for block in np.array_split(candidates, _blocks(len(candidates))) if len(block)]
    count = len(blocks)
    for found in spread(verified, [corpus] * count, blocks, [what] * count, [threshold] * count):
        yield from found


class Shuffled:
    """The buckets of all bands, made by a shuffle over the nodes of a cluster."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def __call__(self, signed: NDArray[np.uint32], bands: Bands) -> Iterator[Bucketed]:
        """The pairs of some buckets at a time; each bucket is whole on one node."""
        keys = np.concatenate([band_key(signed, band, bands) for band in range(bands.bands)])
        # 14 bytes for each record and band: all of these are in memory here.
        columns = {
            "key": keys.view(np.int64),
            "band": np.repeat(np.arange(bands.bands, dtype=np.int8), len(signed)),
            "number": np.tile(np.arange(len(signed), dtype=np.int32), bands.bands),
            "group": (keys % np.uint64(GROUPS)).astype(np.int8),
        }
        for found in self._cluster.grouped(columns, "group", _pairs_of_group):
            pairs = np.stack((found["first"], found["second"]), axis=1)
            yield pairs[found["first"] < found["second"]], int(found["cut"].sum())


def _pairs_of_group(columns: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.int64]]:
    """The pairs of the buckets that came together in one group."""
    order = np.lexsort((columns["number"], columns["band"]))
    bands, numbers, keys = (columns[name][order] for name in ("band", "number", "key"))
    starts = np.flatnonzero(np.diff(bands, prepend=-1))
    # A group without pairs is a row as well.
    first, second = [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
    cut = 0
    # Equal keys of two bands are two buckets.
    for start, stop in zip(starts, [*starts[1:], len(bands)], strict=True):
        pairs, more = bucket_pairs(keys[start:stop].view(np.uint64))
        first.append(numbers[start:stop][pairs[:, 0]])
        second.append(numbers[start:stop][pairs[:, 1]])
        cut += more
    told = np.zeros(sum(map(len, first)), np.int64)
    told[-1] = cut
    return {"first": np.concatenate(first), "second": np.concatenate(second), "cut": told}


def verified(
    corpus: Corpus, candidates: NDArray[np.int64], what: Compared, threshold: float
) -> list[Pair]:
    """Of one block of candidates those that are alike."""
    numbers = np.unique(candidates).tolist()
    texts = [text for _, _, text in texts_of(corpus, numbers, what)]
    held = dict(zip(numbers, shingles_of(texts), strict=True))
    pairs = []
    for first, second in candidates.tolist():
        similarity = jaccard(held[first], held[second])
        if similarity >= threshold:
            pairs.append(Pair(first, second, round(similarity, 6), "near"))
    return pairs


def _blocks(pairs: int) -> int:
    """In so many blocks, so that few texts are in memory and yet the corpus is read few times."""
    return max(2, -(-2 * pairs // HELD)) if pairs > FEWEST_IN_BLOCK else 1


def short_pairs(
    corpus: Corpus, numbers: Sequence[int], often: Counter[int], what: Compared, threshold: float
) -> Iterator[Pair]:
    """The short records whose 2-grams are as alike as that: every such pair, none missed."""
    index = SetIndex[int](threshold, often)
    for number, _, text in texts_of(corpus, numbers, what):
        own: Shingles = shingles(text, SHORT_GRAM)
        for earlier, similarity in index.alike(own):
            yield Pair(earlier, number, round(similarity, 6), "short")
        index.add(number, own)


def vector_pairs(
    vectors: NDArray[np.float32], numbers: Sequence[int], threshold: float, measure: str
) -> Iterator[Pair]:
    """Pairs of rows of unit ``vectors`` (rows, dimensions) of at least that cosine, in blocks."""
    for start in range(0, len(vectors), BLOCK):
        for other in range(start, len(vectors), BLOCK):
            cosines = vectors[start : start + BLOCK] @ vectors[other : other + BLOCK].T
            for row, column in np.argwhere(cosines >= threshold).tolist():
                if start + row < other + column:
                    yield Pair(
                        numbers[start + row],
                        numbers[other + column],
                        round(float(cosines[row, column]), 6),
                        measure,
                    )


def tfidf_pairs(texts: Sequence[str], numbers: Sequence[int], threshold: float) -> Iterator[Pair]:
    """Pairs of at least that cosine of TF-IDF over character 2- to 4-grams, in blocks."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    weights = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), dtype=np.float32)
    matrix = weights.fit_transform(texts)
    for start in range(0, len(texts), BLOCK):
        cosines = (matrix[start : start + BLOCK] @ matrix.T).tocoo()
        kept = cosines.data >= threshold
        rows, columns, values = cosines.row[kept], cosines.col[kept], cosines.data[kept]
        for row, column, cosine in zip(rows + start, columns, values, strict=True):
            if row < column:
                yield Pair(numbers[row], numbers[column], round(float(cosine), 6), "tf-idf")


def by_measure(pairs: Sequence[Pair]) -> Mapping[str, int]:
    """How many pairs each measure found."""
    found: defaultdict[str, int] = defaultdict(int)
    for pair in pairs:
        found[pair.measure] += 1
    return found
