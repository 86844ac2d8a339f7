"""Token sequences of like length, padded together under a token budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import torch

# A batch's shortest sequence has at least this share of its longest one's tokens, which bounds
# what is spent on padding; more batches than that cost more than the padding.
_LIKE: Final = 0.8
# Tokens at a time. A processor is fastest while a layer's activations stay in its cache; a
# graphics card wants many.
_BUDGETS: Final = {"cpu": 2048}
_LARGE_BUDGET: Final = 32768


class Padded(NamedTuple):
    """Sequences of one batch: ``ids`` and ``mask`` are ``(batch, longest)``, 1 where a token is."""

    ids: torch.Tensor
    mask: torch.Tensor


def token_budget(device: torch.device) -> int:
    """Return how many tokens, padding included, are worth computing at a time."""
    return _BUDGETS.get(device.type, _LARGE_BUDGET)


def like_lengths(lengths: Sequence[int], budget: int) -> Iterator[list[int]]:
    """Yield the places of sequences to be computed together, longest first.

    A batch holds at most ``budget`` tokens with its padding, but always one sequence.
    """
    batch: list[int] = []
    longest = 0
    for place in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        full = (len(batch) + 1) * longest > budget or lengths[place] < _LIKE * longest
        if batch and full:
            yield batch
            batch = []
        if not batch:
            longest = lengths[place]
        batch.append(place)
    if batch:
        yield batch


def pad(sequences: Sequence[Sequence[int]], device: torch.device, filler: int = 0) -> Padded:
    """Lay sequences out as one batch."""
    import torch

    lengths = [len(ids) for ids in sequences]
    longest = max(lengths)
    rows = [[*ids, *[filler] * (longest - len(ids))] for ids in sequences]
    mask = torch.arange(longest)[None, :] < torch.tensor(lengths)[:, None]
    return Padded(
        torch.tensor(rows, dtype=torch.long).to(device), mask.to(device=device, dtype=torch.long)
    )
