"""Random rows and random signs, drawn in parts so that memory does not grow with their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_INDICES_AT_ONCE: Final = 1 << 16  # what a core keeps close; larger parts are slower
_SIGNS_AT_ONCE: Final = 1 << 22
_BYTES_AT_ONCE: Final = 1 << 25
_EXACT_ROWS: Final = 13  # 2**13 sign patterns are fewer than the resamples they replace
_MANY_ROWS: Final = 1 << 14
_ROWS_PER_COUNT: Final = 32  # drawing a count takes as long as drawing so many rows


def resampled_means(
    values: NDArray[np.float64], resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the means of ``resamples`` samples of ``values``, drawn with replacement.

    Of many values of which few are different, counts are drawn as in ``unpaired_sums``.
    """
    few = _few(values[:, np.newaxis])
    if few is not None:
        return _counted_sums(*few, resamples, random)[:, 0] / len(values)
    means = np.empty(resamples)
    done = 0
    for rows in _drawn(len(values), resamples, random):
        # All indices are in range: with a mode other than "raise", none is looked at twice.
        means[done : done + len(rows)] = values.take(rows, mode="clip").mean(axis=1)
        done += len(rows)
    return means


def resampled_sums(
    table: NDArray[np.float64], resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the column sums of samples of the table's rows, shape ``(resamples, columns)``.

    Which rows are drawn depends on the generator and the number of rows alone: tables of equal
    length meet the same samples under equal seeds, which is what pairs two systems.
    """
    sums = np.empty((resamples, table.shape[1]))
    done = 0
    # How often each row was drawn makes the sums of all columns one matrix product.
    for counts in drawn_counts(len(table), resamples, random):
        sums[done : done + len(counts)] = counts @ table
        done += len(counts)
    return sums


def drawn_counts(
    n: int, resamples: int, random: np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Yield how often each of ``n`` rows is in a sample, shape ``(samples, n)``, in blocks."""
    for rows in _drawn(n, resamples, random):
        draws = len(rows)
        rows += np.arange(draws)[:, np.newaxis] * n
        counts = np.bincount(rows.ravel(), minlength=draws * n).reshape(draws, n)
        yield counts.astype(np.float64)


def kept_rows(n: int, resamples: int, random: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Yield the patterns of ``kept_sums``, 1 for a kept row, ``(patterns, n)``, in blocks."""
    if n <= _EXACT_ROWS:
        yield _every_pattern(n)
        return
    step = max(1, _INDICES_AT_ONCE // n)
    for packed in _packed_patterns(n, resamples, random):
        for start in range(0, len(packed), step):
            bits = np.unpackbits(packed[start : start + step], axis=1, count=n)
            yield bits.astype(np.float64)


def unpaired_sums(
    table: NDArray[np.float64], resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return ``resampled_sums`` of a table whose samples no other table has to meet.

    Where 16,384 rows or more have few different values, how often each of these is drawn comes from
    the multinomial distribution: the same distribution of sums, in a time that does not grow with
    the number of rows.
    """
    few = _few(table)
    if few is not None:
        return _counted_sums(*few, resamples, random)
    return resampled_sums(table, resamples, random)


def kept_sums(
    table: NDArray[np.float64], resamples: int, random: np.random.Generator
) -> NDArray[np.float64]:
    """Return the column sums over the rows that each pattern keeps, shape ``(patterns, columns)``.

    All 2**n patterns of keeping or swapping where these are few, else ``resamples`` random ones.
    """
    n = len(table)
    if n <= _EXACT_ROWS:
        return _every_pattern(n) @ table
    sums = np.empty((resamples, table.shape[1]))
    done = 0
    for packed in _packed_patterns(n, resamples, random):
        sums[done : done + len(packed)] = _sums_by_bytes(packed, table)
        done += len(packed)
    return sums


def share_reached(hits: int, n: int, resamples: int) -> float:
    """Return the p-value of ``hits`` among the patterns of ``kept_sums`` over ``n`` rows."""
    return hits / 2**n if n <= _EXACT_ROWS else (hits + 1) / (resamples + 1)


def _few(
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.intp]] | None:
    """The different rows of a long table and their numbers, where these are few."""
    if len(table) < _MANY_ROWS:
        return None
    most = len(table) // _ROWS_PER_COUNT
    # Sorting all rows takes long, and too many different ones among a few are too many among all.
    if len(_different(table[:: _ROWS_PER_COUNT // 2])[0]) > most:
        return None
    rows, counts = _different(table)
    return (rows, counts) if len(rows) <= most else None


def _different(
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    # A vector is sorted many times faster than rows are.
    if table.shape[1] == 1:
        values, counts = np.unique(table, return_counts=True)
        return values[:, np.newaxis], counts
    return np.unique(table, axis=0, return_counts=True)


def _counted_sums(
    rows: NDArray[np.float64],
    counts: NDArray[np.intp],
    resamples: int,
    random: np.random.Generator,
) -> NDArray[np.float64]:
    n = int(counts.sum())
    sums = np.empty((resamples, rows.shape[1]))
    step = max(1, _INDICES_AT_ONCE // len(rows))
    for start in range(0, resamples, step):
        draws = min(step, resamples - start)
        drawn = random.multinomial(n, counts / n, size=draws)
        sums[start : start + draws] = drawn.astype(np.float64) @ rows
    return sums


def _every_pattern(n: int) -> NDArray[np.float64]:
    patterns: NDArray[np.intp] = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
    return patterns.astype(np.float64)


def _packed_patterns(
    n: int, resamples: int, random: np.random.Generator
) -> Iterator[NDArray[np.uint8]]:
    """Blocks of random patterns, a bit per row and eight rows to the byte, as ``packbits`` does."""
    width = -(-n // 8)
    step = max(1, _SIGNS_AT_ONCE // n)
    sizes = [min(step, resamples - start) for start in range(0, resamples, step)]
    together = max(1, _BYTES_AT_ONCE // (width * step))
    for first in range(0, len(sizes), together):
        # What one call draws decides the numbers, so larger blocks are put together afterwards.
        yield np.concatenate(
            [
                random.integers(0, 256, size=(draws, width), dtype=np.uint8)
                for draws in sizes[first : first + together]
            ]
        )


def _sums_by_bytes(packed: NDArray[np.uint8], table: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of the rows whose bits are set: of eight rows at a time, looked up by their byte."""
    patterns, width = packed.shape
    padded = np.zeros((width * 8, table.shape[1]))
    padded[: len(table)] = table
    eights = padded.reshape(width, 8, -1)
    step = max(1, _INDICES_AT_ONCE // patterns)
    sums = np.zeros((patterns, table.shape[1]))
    for start in range(0, width, step):
        known = _subset_sums(eights[start : start + step])
        places = packed[:, start : start + step] + 256 * np.arange(len(known))
        sums += known.reshape(-1, table.shape[1]).take(places, axis=0, mode="clip").sum(axis=1)
    return sums


def _subset_sums(eights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The sums of all subsets of eight rows each, ``(some, 8, columns)`` to ``(…, 256, …)``."""
    sums = np.zeros((len(eights), 256, eights.shape[2]))
    for bit in range(8):
        # The first row is the byte's highest bit.
        row = eights[:, 7 - bit, np.newaxis]
        sums[:, 1 << bit : 2 << bit] = sums[:, : 1 << bit] + row
    return sums


def _drawn(n: int, resamples: int, random: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    step = max(1, _INDICES_AT_ONCE // n)
    for start in range(0, resamples, step):
        yield random.integers(0, n, size=(min(step, resamples - start), n))
