"""One vector per token out of an encoder's layers (COMET's layerwise attention)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from evaluators.neural.comet.hparams import Mixture

_EPSILON: Final = 1e-12


def mix_layers(
    layers: Sequence[torch.Tensor],
    mask: torch.Tensor,
    scores: torch.Tensor,
    gamma: torch.Tensor,
    mixture: Mixture,
    layer_norm: bool,
) -> torch.Tensor:
    """Return ``gamma * sum(share_n * layer_n)``, layers of shape ``(batch, tokens, width)``.

    The shares come from ``scores``, one per layer (Rei et al. 2020, COMET, section 2.1, after
    Peters et al. 2018). Layers of share 0, which sparsemax gives, cost nothing.
    """
    import torch

    shares = torch.softmax(scores, dim=0) if mixture == "softmax" else sparsemax(scores)
    mixed = torch.zeros_like(layers[0])
    for share, layer in zip(shares, layers, strict=True):
        if share != 0:
            mixed += share * (_normed(layer, mask) if layer_norm else layer)
    return gamma * mixed


def sparsemax(scores: torch.Tensor) -> torch.Tensor:
    """Return the point of the probability simplex closest to ``scores``, shape ``(n,)``.

    Martins and Astudillo 2016, From Softmax to Sparsemax, algorithm 1.
    """
    import torch

    ordered = scores.sort(descending=True).values
    sums = ordered.cumsum(0)
    ranks = torch.arange(1, len(scores) + 1, device=scores.device, dtype=scores.dtype)
    support = int((1 + ranks * ordered > sums).sum())
    threshold = (sums[support - 1] - 1) / support
    return (scores - threshold).clamp(min=0)


def _normed(layer: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """A text's tokens with mean 0 and variance 1 over all of their numbers together."""
    held = mask[:, :, None].to(layer.dtype)
    count = held.sum(dim=(1, 2), keepdim=True) * layer.shape[2]
    mean = (layer * held).sum(dim=(1, 2), keepdim=True) / count
    variance = (((layer - mean) * held) ** 2).sum(dim=(1, 2), keepdim=True) / count
    return (layer - mean) / (variance + _EPSILON).sqrt()
