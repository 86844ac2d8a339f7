"""What a LoRA adapter's folder holds, and which folders are refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submission.adapters.load import read_json
from submission.errors import InputError

if TYPE_CHECKING:
    import torch

CONFIG = "adapter_config.json"
MANIFEST = "leaderkit.json"
_SAFE, _PICKLED = "adapter_model.safetensors", "adapter_model.bin"
_FOUR_BIT = re.compile(r"4-?bit|nf4|fp4", re.IGNORECASE)


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter on disk.

    ``base_name`` and ``base_digest`` say what it was trained on, ``four_bit`` that this base was
    quantized then; the digest is only known of adapters that leaderkit trained.
    """

    folder: Path
    weights: Path
    rank: int
    alpha: float
    targets: tuple[str, ...]
    base_name: str | None
    base_digest: str | None
    four_bit: bool


def read_adapter(folder: Path) -> Adapter:
    """The adapter in ``folder``, by its configuration.

    Raises :class:`InputError` for a folder that holds none, one of another kind than LoRA, and
    one whose scale cannot be known.
    """
    if not (folder / CONFIG).is_file():
        raise InputError(f"{folder}: no {CONFIG} in it. Give the folder that training wrote.")
    config = read_json(folder / CONFIG)
    kind = config.get("peft_type")
    if kind != "LORA":
        raise InputError(
            f"{folder}: its peft_type is {kind or 'missing'}; only LORA can be merged."
        )
    absent = [key for key in ("r", "lora_alpha") if config.get(key) is None]
    if absent:
        raise InputError(
            f"{folder / CONFIG}: {' and '.join(absent)} missing, so the scale is unknown. "
            "Add what it was trained with."
        )
    if config.get("ensure_weight_tying"):
        raise InputError(f"{folder}: adapters with ensure_weight_tying cannot be merged.")
    manifest = read_json(folder / MANIFEST) if (folder / MANIFEST).is_file() else {}
    base_name = config.get("base_model_name_or_path") or None
    quantized = f"{base_name or ''} {manifest.get('base_quantization') or ''}"
    return Adapter(
        folder=folder,
        weights=_weights(folder),
        rank=int(config["r"]),
        alpha=float(config["lora_alpha"]),
        targets=_targets(config.get("target_modules")),
        base_name=base_name,
        base_digest=manifest.get("base_sha256"),
        four_bit=bool(_FOUR_BIT.search(quantized)),
    )


def _weights(folder: Path) -> Path:
    for name in (_SAFE, _PICKLED):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder}: no {_SAFE} (or {_PICKLED}) in it: the adapter has no weights.")


def _targets(declared: Any) -> tuple[str, ...]:
    if isinstance(declared, str):
        return (declared,)
    return tuple(sorted(str(name) for name in declared or ()))


def read_weights(adapter: Adapter) -> dict[str, torch.Tensor]:
    """The adapter's tensors by name. Raises for a damaged file, pickled code, and NaN."""
    import torch

    path = adapter.weights
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            tensors = load_file(path)
        else:
            # Never the other kind of loading: such a file can run code.
            tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        reason = str(error).strip().splitlines()[:1]
        raise InputError(f"{path}: cannot be read: {''.join(reason) or error!r}") from error
    if not isinstance(tensors, dict) or not tensors:
        raise InputError(f"{path}: holds no weights.")
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise InputError(f"{path}: '{name}' is no tensor; the file is no adapter.")
        if not torch.isfinite(tensor).all():
            raise InputError(f"{path}: '{name}' holds NaN or infinity: that training diverged.")
    return tensors
