"""The order in which an epoch visits the samples."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

POOL = 32
"""Batches that are sorted by length together: less padding, and still a shuffled epoch."""


class EpochOrder:
    """A sampler: an order that depends on the seed and the epoch and on nothing else.

    A training that is resumed within an epoch therefore meets what the uninterrupted one would
    have met. Neighbours are of like length, because a batch is padded to its longest sample.
    """

    def __init__(self, lengths: Sequence[int], batch: int, seed: int) -> None:
        self._lengths = lengths
        self._batch = batch
        self._seed = seed
        self._epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Choose the epoch that the next iteration is of."""
        self._epoch = epoch

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        chance = random.Random(f"{self._seed}/{self._epoch}")  # noqa: S311 -- no secret
        places = list(range(len(self._lengths)))
        chance.shuffle(places)
        batches = list(self._batches(places))
        # A short batch in the middle would shift every batch after it.
        short = batches.pop() if len(batches[-1]) < self._batch else []
        chance.shuffle(batches)
        for batch in [*batches, short]:
            yield from batch

    def _batches(self, places: list[int]) -> Iterator[list[int]]:
        size = self._batch * POOL
        for start in range(0, len(places), size):
            pool = sorted(places[start : start + size], key=lambda place: self._lengths[place])
            for first in range(0, len(pool), self._batch):
                yield pool[first : first + self._batch]
