"""Greedy matching of token vectors (Zhang et al. 2020, section 3), many pairs at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    import torch
    from numpy.typing import NDArray

    from evaluators.neural.vector_table import VectorTable

Stat = Literal["f", "p", "r"]

# Pairs go together whose lengths differ by less than this factor, on either side.
_BAND: Final = 1.25
_NUMBERS_AT_ONCE: Final = 1 << 23
_BELOW_ANY_COSINE: Final = -2.0


class Matched(NamedTuple):
    """Precision, recall and F1 of each pair, ``(pairs,)`` each; 0 where a side has no weight."""

    precision: NDArray[np.float64]
    recall: NDArray[np.float64]
    f1: NDArray[np.float64]

    def stat(self, name: Stat) -> NDArray[np.float64]:
        """Return one of them by its letter."""
        return {"p": self.precision, "r": self.recall, "f": self.f1}[name]


def greedy_match(
    table: VectorTable,
    weights: torch.Tensor,
    answers: NDArray[np.int64],
    references: NDArray[np.int64],
) -> Matched:
    """Match ``answers[n]`` with ``references[n]``, both places in the table.

    Precision is the weighted mean, over an answer's tokens, of the highest cosine with any token
    of the reference, and recall the other way round; ``weights`` holds a token id's weight. Tokens
    of weight 0 are averaged nowhere, yet others may match them.
    """
    import torch

    lengths = table.lengths.numpy()
    sums = np.zeros((2, len(answers)))
    token_weights = weights[table.ids.long()].to(table.vectors.device)
    for pairs in _batches(lengths[answers], lengths[references], table.vectors.shape[1]):
        left = _side(table, token_weights, answers[pairs])
        right = _side(table, token_weights, references[pairs])
        with torch.inference_mode():
            cosines = left.vectors @ right.vectors.mT
            cosines.masked_fill_(~right.mask[:, None, :], _BELOW_ANY_COSINE)
            sums[0, pairs] = _mean(cosines.amax(dim=2), left.weights)
            cosines.masked_fill_(~left.mask[:, :, None], _BELOW_ANY_COSINE)
            sums[1, pairs] = _mean(cosines.amax(dim=1), right.weights)
    # Unit vectors' products overshoot by the last bit.
    precision, recall = np.minimum(sums, 1.0)
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total != 0)
    return Matched(precision, recall, f1)


class _Side(NamedTuple):
    vectors: torch.Tensor
    weights: torch.Tensor
    mask: torch.Tensor


def _side(table: VectorTable, weights: torch.Tensor, places: NDArray[np.int64]) -> _Side:
    import torch

    chosen = torch.from_numpy(places)
    lengths = table.lengths[chosen]
    steps = torch.arange(int(lengths.max()))
    mask = steps[None, :] < lengths[:, None]
    # Beyond a text's end stand other texts' tokens; they are masked.
    rows = (table.starts[chosen][:, None] + steps[None, :]).clamp_(max=len(table.ids) - 1)
    device = table.vectors.device
    rows, mask = rows.to(device), mask.to(device)
    vectors = table.vectors.index_select(0, rows.flatten()).view(*rows.shape, -1)
    return _Side(vectors, weights[rows] * mask, mask)


def _mean(best: torch.Tensor, weights: torch.Tensor) -> NDArray[np.float64]:
    total = weights.sum(dim=1)
    means = (best * weights).sum(dim=1) / total.where(total != 0, 1)
    found: NDArray[np.float64] = means.double().cpu().numpy()
    return found


def _batches(
    left: NDArray[np.int64], right: NDArray[np.int64], width: int
) -> Iterator[NDArray[np.int64]]:
    """Yield pairs whose lengths fall into the same bands, so many that the memory is bounded."""
    bands = [np.floor(np.log(np.maximum(side, 1)) / np.log(_BAND)) for side in (left, right)]
    order = np.lexsort(bands)
    edges = np.diff(np.stack(bands)[:, order], axis=1).any(axis=0)
    for group in np.split(order, np.flatnonzero(edges) + 1):
        if not len(group):
            continue
        longest, other = int(left[group].max()), int(right[group].max())
        cells = (longest + other) * width + longest * other
        step = max(1, _NUMBERS_AT_ONCE // cells)
        for start in range(0, len(group), step):
            yield group[start : start + step]
