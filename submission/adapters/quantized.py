"""Bases whose weights are held in 4 bits: read as they are, and made full again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from evaluators.encoders.torch_support import quiet_transformers
from submission.adapters.load import load_base, quantization
from submission.errors import InputError
from submission.files.model_files import ModelFiles

if TYPE_CHECKING:
    import torch

_FOUR_BIT = "bitsandbytes 4-bit"


def held_in_4bit(base: ModelFiles) -> bool:
    """Whether the weights in the folder are 4-bit ones of bitsandbytes.

    Raises :class:`InputError` for any other quantization.
    """
    method = quantization(base.folder)
    if method is None:
        return False
    if method != _FOUR_BIT:
        reason = (
            "8-bit layers also round activations, which merged weights cannot reproduce"
            if method == "bitsandbytes 8-bit"
            else "its full-precision weights are not there to merge into"
        )
        raise InputError(
            f"Base '{base.name}' is quantized ({method}): {reason}. Give the model it was "
            "quantized from."
        )
    return True


class Form(NamedTuple):
    """How 4 bits hold a weight: which 16 values there are, and whether scales are quantized too."""

    kind: Literal["nf4", "fp4"] = "nf4"
    double: bool = True


def form(recorded: str) -> Form:
    """The form that ``recorded`` names; NF4 with double quantization where it names none."""
    words = recorded.lower()
    if "fp4" in words or "nf4" in words:
        return Form("fp4" if "fp4" in words else "nf4", "double" in words)
    return Form()


def configuration(held: Form) -> Any:
    """``held`` as transformers takes it, computing in float32: what is compared is the weights."""
    import torch
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=held.kind,
        bnb_4bit_use_double_quant=held.double,
        bnb_4bit_compute_dtype=torch.float32,
    )


def load_4bit(folder: Path, *, quantize: Any, seq2seq: bool) -> Any:
    """The model in ``folder`` in 4 bits, computing in float32."""
    import torch
    from bitsandbytes.nn import Linear4bit

    model = load_base(folder, torch.float32, seq2seq=seq2seq, quantize=quantize)
    for module in model.modules():
        if isinstance(module, Linear4bit):
            if getattr(module.weight, "quant_state", None) is None:
                raise InputError(
                    f"{folder}: its config.json says that the weights are quantized, but they are "
                    "not. Remove quantization_config from it."
                )
            module.compute_dtype, module.compute_type_is_set = torch.float32, True
            # On some processors bitsandbytes repacks a weight in its first forward pass and
            # rounds its scales to bfloat16, so that it cannot be dequantized exactly.
            module.support_avx512bf16_for_cpu = False
    return model


def load_dequantized(folder: Path, *, quantize: Any, seq2seq: bool) -> torch.nn.Module:
    """The same model with the weights that the 4 bits stand for, in float32."""
    import torch

    model = load_4bit(folder, quantize=quantize, seq2seq=seq2seq)
    with quiet_transformers():
        model = model.dequantize(dtype=torch.float32)
    model.is_loaded_in_4bit = False
    # How 4-bit tensors were read: saving would try to go that way back.
    model._weight_conversions = [
        each for each in getattr(model, "_weight_conversions", None) or [] if _reversible(each)
    ]
    full: torch.nn.Module = model.eval()
    return full


def _reversible(conversion: Any) -> bool:
    try:
        conversion.reverse_transform()
    except NotImplementedError:
        return False
    return True
