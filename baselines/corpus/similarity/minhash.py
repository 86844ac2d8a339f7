"""MinHash signatures by rensa, and the records that share a band."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from baselines.corpus.similarity.bands import Bands
from baselines.corpus.similarity.text import TOGETHER, flat_shingles

SEED: Final = 42
LARGEST_BUCKET: Final = 50
"""Records of one bucket that are compared each with each; of more, each with a few before it."""
NEIGHBOURS: Final = 3
FEWEST_SPREADS: Final = 4
"""Standard deviations by which the share of equal slots may fall short of the similarity."""
AT_ONCE: Final = 1 << 18
"""Pairs whose signatures are compared at once."""

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)


Bucketed = tuple[NDArray[np.int64], int]
"""Pairs of rows that share a bucket, and how many buckets were cut."""
Buckets = Callable[[NDArray[np.uint32], Bands], Iterator[Bucketed]]
"""Finds the pairs of all buckets."""

used_here = False
"""Whether this process has used rensa, whose threads do not survive a fork."""


def signatures(solid_texts: Sequence[str], slots: int) -> NDArray[np.uint32]:
    """MinHash signatures of the texts' shingles, of shape (texts, slots)."""
    from rensa import RMinHash

    global used_here
    used_here = True
    packed: list[bytes] = []
    for start in range(0, len(solid_texts), TOGETHER):
        hashes, offsets = flat_shingles(solid_texts[start : start + TOGETHER])
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(hashes, offsets, slots, SEED)
        packed += [array("I", row).tobytes() for row in matrix.to_rows()]
    return np.frombuffer(b"".join(packed), np.uint32).reshape(len(solid_texts), slots)


def band_key(signed: NDArray[np.uint32], band: int, bands: Bands) -> NDArray[np.uint64]:
    """A key of one band for each signature: equal where all of its slots are."""
    key = np.zeros(len(signed), np.uint64)
    for slot in range(band * bands.rows, (band + 1) * bands.rows):
        key *= _FACTOR
        key += signed[:, slot]
        key ^= key >> np.uint64(32)
    return key


def algorithm() -> str:
    """rensa's version and that of its algorithm: other ones may find other candidates."""
    from importlib.metadata import version

    from rensa import RMinHash

    return f"rensa {version('rensa')}, algorithm {RMinHash.ALGORITHM_VERSION}"


def each_band(signed: NDArray[np.uint32], bands: Bands) -> Iterator[Bucketed]:
    """The pairs of each band in turn."""
    for band in range(bands.bands):
        yield bucket_pairs(band_key(signed, band, bands))


def candidates(
    signed: NDArray[np.uint32],
    bands: Bands,
    similarity: float,
    bucketed: Buckets = each_band,
) -> tuple[NDArray[np.int64], int]:
    """Pairs of rows (first < second) to be compared, each once, and how many buckets were cut.

    These share a band, and as many slots as a pair of that similarity has but for chances under
    one in 10,000. ``bucketed`` gives the pairs that share a band, in any order. A bucket of more
    than 50 rows is cut: each of its rows is paired with the first of them and the three before it.
    """
    found = np.empty(0, np.int64)  # first * rows + second: one number is sorted faster than two
    cut = 0
    spread = (similarity * (1 - similarity) / bands.slots) ** 0.5
    least = (similarity - FEWEST_SPREADS * spread) * bands.slots
    for pairs, more in bucketed(signed, bands):
        alike = [
            block[_shared(signed, block) >= least]
            for block in np.split(pairs, range(AT_ONCE, len(pairs), AT_ONCE))
        ]
        found = np.unique(np.concatenate((found, *(one @ (len(signed), 1) for one in alike))))
        cut += more
    return np.stack(np.divmod(found, max(len(signed), 1)), axis=1), cut


def _shared(signed: NDArray[np.uint32], pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    equal: NDArray[np.int64] = (signed[pairs[:, 0]] == signed[pairs[:, 1]]).sum(axis=1)
    return equal


def bucket_pairs(keys: NDArray[np.uint64]) -> Bucketed:
    """Pairs of rows with equal keys, and how many buckets were cut."""
    order = np.argsort(keys)  # not a stable one, which takes five times as long
    ordered = keys[order]
    starts = np.flatnonzero(
        np.concatenate((ordered[:1] == ordered[:1], ordered[1:] != ordered[:-1]))
    )
    sizes = np.diff(np.concatenate((starts, [len(ordered)])))
    found = [np.empty((0, 2), np.int64)]
    for size in np.unique(sizes[(sizes > 1) & (sizes <= LARGEST_BUCKET)]):
        groups = np.sort(order[starts[sizes == size][:, None] + np.arange(size)], axis=1)
        one, other = np.triu_indices(size, 1)
        found.append(np.stack((groups[:, one].ravel(), groups[:, other].ravel()), axis=1))
    large = sizes > LARGEST_BUCKET
    for start, size in zip(starts[large], sizes[large], strict=True):
        group = np.sort(order[start : start + size])
        found.append(np.stack((np.full(size - 1, group[0]), group[1:]), axis=1))
        found += [
            np.stack((group[:-back], group[back:]), axis=1) for back in range(1, NEIGHBOURS + 1)
        ]
    return np.concatenate(found), int(large.sum())
