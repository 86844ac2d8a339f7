"""Every text against every other: the mean score of each candidate over many references."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.base import Example
from evaluators.metrics.cosine import Cosine
from evaluators.metrics.jaccard import Jaccard
from evaluators.metrics.text_f1 import TextF1
from evaluators.metrics.weighted import Weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from evaluators.base import Metric

_CELLS_AT_ONCE: Final = 1 << 24


def mean_scores(
    metric: Metric,
    candidates: Sequence[str],
    references: Sequence[str],
    metas: Sequence[Mapping[str, str]] | None = None,
) -> NDArray[np.float64]:
    """Return each candidate's mean score over all references, shape ``(len(candidates),)``.

    Equals scoring every pair with ``metric`` (one reference each) and averaging; cosine, jaccard,
    F1 and weighted sums of them are computed as matrix products. Memory stays bounded. ``metas``
    are what else is known of each reference's row, for metrics that read it.
    """
    if isinstance(metric, Weighted):
        parts = [
            weight * mean_scores(term, candidates, references, metas)
            for weight, term in metric.terms
        ]
        total: NDArray[np.float64] = np.sum(parts, axis=0, dtype=np.float64)
        return total
    if isinstance(metric, Cosine):
        return _by_blocks(
            len(candidates), len(references), metric.similarity(candidates, references)
        )
    if isinstance(metric, Jaccard):
        return _overlaps(
            [set(text.split()) for text in candidates],
            [set(text.split()) for text in references],
            lambda shared, left, right: shared / np.maximum(left + right - shared, 1),
        )
    if isinstance(metric, TextF1):
        return _overlaps(
            [_numbered(metric.units(text)) for text in candidates],
            [_numbered(metric.units(text)) for text in references],
            lambda shared, left, right: 2 * shared / np.maximum(left + right, 1),
        )
    return _one_by_one(metric, candidates, references, metas or [{}] * len(references))


def _one_by_one(
    metric: Metric,
    candidates: Sequence[str],
    references: Sequence[str],
    metas: Sequence[Mapping[str, str]],
) -> NDArray[np.float64]:
    golds = list(enumerate(zip(references, metas, strict=True)))
    means = [
        metric.rows([Example(str(n), text, (gold,), meta=meta) for n, (gold, meta) in golds]).mean()
        for text in candidates
    ]
    return np.array(means, dtype=np.float64)


def _by_blocks(
    rows: int, columns: int, block: Callable[[slice], NDArray[np.float64]]
) -> NDArray[np.float64]:
    step = max(1, _CELLS_AT_ONCE // max(columns, 1))
    return np.concatenate(
        [block(slice(start, start + step)).mean(axis=1) for start in range(0, rows, step)]
    )


def _overlaps(
    left: Sequence[set[str]],
    right: Sequence[set[str]],
    score: Callable[
        [NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]
    ],
) -> NDArray[np.float64]:
    """Means of a score of (shared, size of one, size of other) over all pairs of sets."""
    places = {unit: place for place, unit in enumerate(sorted(set().union(*left, *right)))}
    one, other = _incidence(left, places), _incidence(right, places)
    sizes = np.array([len(units) for units in right], dtype=np.float64)

    def block(part: slice) -> NDArray[np.float64]:
        shared = np.asarray((one[part] @ other.T).todense(), dtype=np.float64)
        own = np.array([len(units) for units in left[part]], dtype=np.float64)
        return score(shared, own[:, np.newaxis], sizes[np.newaxis, :])

    return _by_blocks(len(left), len(right), block)


def _incidence(sets: Sequence[set[str]], places: dict[str, int]) -> csr_array:
    from scipy.sparse import csr_array

    indices = [sorted(places[unit] for unit in units) for units in sets]
    pointers = np.cumsum([0, *(len(row) for row in indices)])
    flat = np.array([place for row in indices for place in row], dtype=np.int64)
    return csr_array((np.ones(len(flat)), flat, pointers), shape=(len(sets), max(len(places), 1)))


def _numbered(units: Iterable[str]) -> set[str]:
    """A multiset as a set: the second 'a' becomes another element than the first."""
    seen: Counter[str] = Counter()
    numbered = set()
    for unit in units:
        numbered.add(f"{seen[unit]} {unit}")
        seen[unit] += 1
    return numbered
