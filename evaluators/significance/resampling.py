"""Random rows and random signs, drawn in parts so that memory does not grow with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_INDICES_AT_ONCE: Final = 1 << 16  # what a core keeps close; larger parts are slower
_SIGNS_AT_ONCE: Final = 1 << 22
_EXACT_ROWS: Final = 13  # 2**13 sign patterns are fewer than the resamples they replace


def resampled_means(
    values: NDArray[np.float64], resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the means of ``resamples`` samples of ``values``, drawn with replacement."""
    means = np.empty(resamples)
    done = 0
    for rows in _drawn(len(values), resamples, random):
        means[done : done + len(rows)] = values[rows].mean(axis=1)
        done += len(rows)
    return means


def resampled_sums(
    table: NDArray[np.float64], resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the column sums of samples of the table's rows, shape ``(resamples, columns)``.

    Which rows are drawn depends on the generator and the number of rows alone: tables of equal
    length meet the same samples under equal seeds, which is what pairs two systems.
    """
    n, columns = table.shape
    sums = np.empty((resamples, columns))
    done = 0
    for rows in _drawn(n, resamples, random):
        draws = len(rows)
        # How often each row was drawn makes the sums of all columns one matrix product.
        rows += np.arange(draws)[:, np.newaxis] * n
        counts = np.bincount(rows.ravel(), minlength=draws * n).reshape(draws, n)
        sums[done : done + draws] = counts.astype(np.float64) @ table
        done += draws
    return sums


def all_signs_tried(n: int) -> bool:
    """Return whether ``kept_patterns`` gives every pattern of ``n`` rows once."""
    return n <= _EXACT_ROWS


def kept_patterns(
    n: int, resamples: int, random: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Yield blocks of rows of 1 (keep) and 0 (swap), shape ``(some, n)``.

    All 2**n patterns where these are few, else ``resamples`` random ones.
    """
    if all_signs_tried(n):
        yield ((np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1).astype(np.float64)
        return
    step = max(1, _SIGNS_AT_ONCE // n)
    for start in range(0, resamples, step):
        draws = min(step, resamples - start)
        packed = random.integers(0, 256, size=(draws, -(-n // 8)), dtype=np.uint8)
        yield np.unpackbits(packed, axis=1, count=n).astype(np.float64)


def _drawn(n: int, resamples: int, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    step = max(1, _INDICES_AT_ONCE // n)
    for start in range(0, resamples, step):
        yield random.integers(0, n, size=(min(step, resamples - start), n))
