"""Linear layers on the processor with their weights laid out as oneDNN multiplies fastest."""

from __future__ import annotations

import copy
from typing import Any

import torch


class PackedLinear(torch.nn.Linear):
    """A linear layer that multiplies by a second, packed copy of its weights, in float32.

    torch multiplies float32 by MKL, which on processors other than Intel's uses half their vector
    width and lays the weights out anew in every call. Sums are added in another order: numbers
    move in the last bits.
    """

    @classmethod
    def of(cls, layer: torch.nn.Linear) -> PackedLinear:
        """Return the layer's replacement; both share their parameters."""
        made = cls.__new__(cls)
        torch.nn.Module.__init__(made)
        made.in_features, made.out_features = layer.in_features, layer.out_features
        made.weight, made.bias = layer.weight, layer.bias
        made._packed = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), None)
        return made

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 -- torch's own name
        """Return ``input @ weight.T + bias``."""
        product: torch.Tensor = torch.ops.mkldnn._linear_pointwise(
            input, self._packed, self.bias, "none", [], ""
        )
        return product

    def __deepcopy__(self, memo: dict[int, Any]) -> torch.nn.Linear:
        # A copy is made to become another type, and the packed weights know only this one.
        plain = torch.nn.Linear.__new__(torch.nn.Linear)
        torch.nn.Module.__init__(plain)
        plain.in_features, plain.out_features = self.in_features, self.out_features
        plain.weight, plain.bias = copy.deepcopy((self.weight, self.bias), memo)
        return plain


def pack_linears(model: torch.nn.Module) -> None:
    """Replace the model's linear layers, where it is on the processor in float32.

    Layers of a class derived from Linear are left: their owner may use the weights itself. Where
    this torch has no oneDNN nothing changes.
    """
    if not can_pack():
        return
    for owner in model.modules():
        for name, layer in owner.named_children():
            if isinstance(layer, torch.nn.Linear) and _packable(layer):
                setattr(owner, name, PackedLinear.of(layer))


def can_pack() -> bool:
    """Return whether this build of torch has what packing takes."""
    return hasattr(torch.ops.mkldnn, "_reorder_linear_weight")


def _packable(layer: torch.nn.Linear) -> bool:
    weight = layer.weight
    exact = type(layer) is torch.nn.Linear
    return exact and weight.device.type == "cpu" and weight.dtype == torch.float32
