"""How lengths, categories and texts of one record go together, in the sample."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Final

import msgspec
import numpy as np

from baselines.corpus.explore.sample import Sampled

FIELDS: Final = ("document", "question", "summary", "answer")
FEWEST: Final = 3
"""Records that a correlation takes."""

MOST_PAIRS: Final = 5000


class Correlation(msgspec.Struct, frozen=True):
    """How the lengths of two fields go together; None where one is the same everywhere."""

    one: str
    other: str
    records: int
    pearson: float | None
    spearman: float | None


class Explained(msgspec.Struct, frozen=True):
    """How much of the differences in a field's length categories explain."""

    field: str
    records: int
    categories: int
    eta_squared: float


class Similarity(msgspec.Struct, frozen=True):
    """How alike two fields of one record are, beside those of records put together by chance."""

    one: str
    other: str
    records: int
    mean: float
    median: float
    lowest_tenth: float
    by_chance: float


def correlations(rows: Sequence[Sampled]) -> Iterator[Correlation]:
    """Every two fields that stand in one record often enough."""
    from scipy import stats

    for one, other in combinations(FIELDS, 2):
        pairs = [
            (row.lengths[one], row.lengths[other])
            for row in rows
            if one in row.lengths and other in row.lengths
        ]
        if len(pairs) < FEWEST:
            continue
        x, y = np.array(pairs, dtype=float).T
        if np.ptp(x) == 0 or np.ptp(y) == 0:
            yield Correlation(one, other, len(pairs), None, None)
            continue
        yield Correlation(
            one,
            other,
            len(pairs),
            float(stats.pearsonr(x, y).statistic),
            float(stats.spearmanr(x, y).statistic),
        )


def explained(rows: Sequence[Sampled]) -> Iterator[Explained]:
    """For every field, what categories explain of its length."""
    for field in FIELDS:
        groups: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            if row.category and field in row.lengths:
                groups[row.category].append(row.lengths[field])
        values = np.array([each for group in groups.values() for each in group], dtype=float)
        if len(groups) < 2 or len(values) <= len(groups) or np.ptp(values) == 0:
            continue
        middle = values.mean()
        between = sum(len(each) * (np.mean(each) - middle) ** 2 for each in groups.values())
        total = ((values - middle) ** 2).sum()
        yield Explained(field, len(values), len(groups), float(between / total))


def similarities(rows: Sequence[Sampled], seed: int) -> Iterator[Similarity]:
    """The pairs of fields that say something of each other."""
    for one, other in (("question", "answer"), ("document", "question"), ("document", "summary")):
        pairs = [
            (row.texts[one], row.texts[other])
            for row in rows
            if one in row.texts and other in row.texts
        ][:MOST_PAIRS]
        if len(pairs) >= FEWEST:
            found = _similarity(one, other, pairs, seed)
            if found is not None:
                yield found


def _similarity(
    one: str, other: str, pairs: Sequence[tuple[str, str]], seed: int
) -> Similarity | None:
    from sklearn.feature_extraction.text import TfidfVectorizer

    left, right = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    vectors = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 3), sublinear_tf=True)
    try:
        vectors.fit([*left, *right])
    except ValueError:  # there is not a run of two characters in any of them
        return None
    a, b = vectors.transform(left), vectors.transform(right)
    own = np.asarray(a.multiply(b).sum(axis=1)).ravel()
    order = list(range(len(pairs)))
    # A turn by a number of places puts no record beside itself.
    turn = random.Random(seed).randrange(1, len(pairs))  # noqa: S311
    others = np.asarray(a.multiply(b[[*order[turn:], *order[:turn]]]).sum(axis=1)).ravel()
    return Similarity(
        one,
        other,
        len(pairs),
        float(own.mean()),
        float(np.median(own)),
        float(np.quantile(own, 0.1)),
        float(others.mean()),
    )
