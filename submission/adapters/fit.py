"""Whether an adapter belongs over a base, told before the base's weights are loaded."""

from __future__ import annotations

from pathlib import Path

from submission.adapters.adapter import Adapter, read_weights
from submission.adapters.attach import Part, attach
from submission.adapters.load import model_shapes


def fitting(
    base: Path, adapter: Adapter, *, trust_remote_code: bool = False, seq2seq: bool = False
) -> Part:
    """The adapter with its tensors, which are those that the model in ``base`` has places for.

    Where transformers cannot make the model of its configuration alone, only the tensors
    themselves are looked at; :func:`~submission.adapters.attach.attach` tells the rest.

    Raises :class:`InputError` for tensors that are damaged, not finite, too few, or of another
    name or shape than the base needs.
    """
    part = Part(adapter, read_weights(adapter))
    shapes = model_shapes(base, trust_remote_code=trust_remote_code, seq2seq=seq2seq)
    if shapes is not None:
        attach(shapes, [part])
    return part
