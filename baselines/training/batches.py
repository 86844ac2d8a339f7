"""Samples into batches: padded, packed, or split between encoder and decoder.

A batch's ``labels`` are aligned with the logits that predict them: ``labels[row, place]`` is what
``logits[row, place]`` should say. For causal models, ``logits_to_keep`` names the positions that
predict anything that is learned; logits are computed there and nowhere else, which for a large
vocabulary and long prompts is most of the memory. ``tokens`` counts what is no padding.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from baselines.training.samples import IGNORED, Sample

if TYPE_CHECKING:
    import torch

Pack = tuple[Sample, ...]
"""Samples that share one sequence."""

Batch = dict[str, "torch.Tensor"]
Collate = Callable[[Sequence[Pack]], Batch]


def pack(samples: Sequence[Sample], limit: int) -> list[Pack]:
    """The samples in sequences of at most ``limit`` tokens: longest first, each where it fits best.

    Best-fit decreasing: at most 11/9 of the fewest sequences possible, and a few (Johnson 1974).
    """
    packs: list[list[Sample]] = []
    with_room: dict[int, list[list[Sample]]] = {}
    rooms: list[int] = []
    for sample in sorted(samples, key=len, reverse=True):
        place = bisect_left(rooms, len(sample))
        if place == len(rooms):
            chosen: list[Sample] = []
            packs.append(chosen)
            room = limit
        else:
            room = rooms[place]
            chosen = with_room[room].pop()
            if not with_room[room]:
                del with_room[room], rooms[place]
        chosen.append(sample)
        left = room - len(sample)
        if left not in with_room:
            insort(rooms, left)
        with_room.setdefault(left, []).append(chosen)
    return [tuple(each) for each in packs]


def collate_padded(batch: Sequence[Pack]) -> Batch:
    """One sample per row, padded at the end; what pads is neither read nor learned."""
    ids = _padded([sample.ids for (sample,) in batch], 0)
    labels = _padded([_next(sample.labels) for (sample,) in batch], IGNORED)
    mask = _padded([np.ones(len(sample), dtype=np.int64) for (sample,) in batch], 0)
    return _kept({"input_ids": ids, "attention_mask": mask}, labels, batch)


def collate_packed(batch: Sequence[Pack]) -> Batch:
    """Several samples per row, told apart by positions that start at 0 with each.

    There is no attention mask: from the positions, transformers lets each token see its own
    sample and no other. The token before a sample predicts nothing of it. What pads a row is a
    sample of its own, and not learned.
    """
    ids = _padded([np.concatenate([sample.ids for sample in row]) for row in batch], 0)
    labels = _padded(
        [np.concatenate([_next(sample.labels) for sample in row]) for row in batch], IGNORED
    )
    width = ids.shape[1]
    positions = np.stack(
        [
            np.concatenate(
                [*(np.arange(len(s)) for s in row), np.arange(width - sum(map(len, row)))]
            )
            for row in batch
        ]
    )
    return _kept({"input_ids": ids, "position_ids": positions}, labels, batch)


def collate_seq2seq(start: int) -> Collate:
    """Prompts for the encoder, responses for the decoder, which begins with the id ``start``."""

    def collate(batch: Sequence[Pack]) -> Batch:
        import torch

        prompts = [sample.prompt for (sample,) in batch]
        responses = [sample.response for (sample,) in batch]
        # Shifted by one, and what follows a response's end is never learned from.
        decoded = [np.concatenate([[start], response[:-1]]) for response in responses]
        arrays = {
            "input_ids": _padded(prompts, 0),
            "attention_mask": _padded([np.ones(len(each), np.int64) for each in prompts], 0),
            "decoder_input_ids": _padded(decoded, start),
            "labels": _padded(responses, IGNORED),
            "tokens": _tokens(batch),
        }
        return {name: torch.from_numpy(array) for name, array in arrays.items()}

    return collate


def rows_of(batch: Batch, first: int, last: int) -> Batch:
    """The rows ``first`` to ``last`` of a batch."""
    return {
        name: tensor if name == "logits_to_keep" else tensor[first:last]
        for name, tensor in batch.items()
    }


def _next(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """For each position the label of the next; the last one predicts nothing."""
    return np.append(labels[1:], np.int32(IGNORED))


def _padded(rows: Sequence[NDArray[np.integer]], value: int) -> NDArray[np.int64]:
    whole = np.full((len(rows), max(map(len, rows))), value, dtype=np.int64)
    for place, row in enumerate(rows):
        whole[place, : len(row)] = row
    return whole


def _kept(
    inputs: dict[str, NDArray[np.int64]], labels: NDArray[np.int64], batch: Sequence[Pack]
) -> Batch:
    import torch

    places = np.flatnonzero((labels != IGNORED).any(axis=0))
    learned = {"labels": labels[:, places], "logits_to_keep": places}
    arrays = {**inputs, **learned, "tokens": _tokens(batch)}
    return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _tokens(batch: Sequence[Pack]) -> NDArray[np.int64]:
    return np.array(sum(len(sample) for row in batch for sample in row), dtype=np.int64)
