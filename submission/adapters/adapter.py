"""What a LoRA adapter's folder holds, and which folders are refused."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submission.errors import InputError
from submission.models import read_json

if TYPE_CHECKING:
    import torch

CONFIG = "adapter_config.json"
MANIFEST = "leaderkit.json"
_SAFE, _PICKLED = "adapter_model.safetensors", "adapter_model.bin"
_FOUR_BIT = re.compile(r"4-?bit|nf4|fp4", re.IGNORECASE)
# Ways to begin that change nothing but the adapter's own first weights.
_HARMLESS = ("gaussian", "eva", "orthogonal", "mica", "lora_ga")
# What changes an adapter's meaning and cannot be written into the weights of a plain model.
_BEYOND_WEIGHTS = (
    "alora_invocation_tokens",
    "arrow_config",
    "ensure_weight_tying",
    "layer_replication",
    "target_parameters",
    "trainable_token_indices",
    "use_bdlora",
    "use_qalora",
)


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter on disk.

    ``rank`` and ``alpha`` are the usual ones and ``largest_rank`` that of any layer; ``saved``
    are modules that it replaces as a whole, and ``biases`` which biases it has values for.
    ``base_name`` and ``base_digest`` say what it was trained on, ``quantized`` how this base was
    held then, where that was in 4 bits; the digest is only known of adapters that leaderkit
    trained.
    """

    folder: Path
    weights: Path
    rank: int
    alpha: float
    largest_rank: int
    targets: tuple[str, ...]
    saved: tuple[str, ...]
    biases: str
    dora: bool
    base_name: str | None
    base_digest: str | None
    quantized: str | None


def read_adapter(folder: Path) -> Adapter:
    """The adapter in ``folder``, by its configuration.

    Raises :class:`InputError` for a folder that holds none, one of another kind than LoRA, one
    whose scale cannot be known, and one that is more than a change of weights.
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
    _refuse_beyond_weights(folder, config)
    manifest = read_json(folder / MANIFEST) if (folder / MANIFEST).is_file() else {}
    base_name = config.get("base_model_name_or_path") or None
    held = str(manifest.get("base_quantization") or base_name or "")
    try:
        ranks = [int(config["r"]), *map(int, (config.get("rank_pattern") or {}).values())]
        alpha = float(config["lora_alpha"])
    except (AttributeError, TypeError, ValueError):
        raise InputError(f"{folder / CONFIG}: rank and lora_alpha are no numbers.") from None
    return Adapter(
        folder=folder,
        weights=_weights(folder),
        rank=ranks[0],
        alpha=alpha,
        largest_rank=max(ranks),
        targets=_names(config.get("target_modules")),
        saved=_names(config.get("modules_to_save")),
        biases="lora_only" if config.get("lora_bias") else str(config.get("bias") or "none"),
        dora=bool(config.get("use_dora")),
        base_name=base_name,
        base_digest=manifest.get("base_sha256"),
        quantized=held if _FOUR_BIT.search(held) else None,
    )


def trained_on_other(folder: Path, digest: str) -> str | None:
    """What the adapter in ``folder`` was trained on, where that is provably not ``digest``.

    ``digest`` is a model's :func:`~submission.models.folder_digest`. None where the two are the
    same, and where the adapter has no record of its base.
    """
    path = folder / MANIFEST
    recorded = read_json(path).get("base_sha256") if path.is_file() else None
    if recorded is None or recorded == digest:
        return None
    name = read_json(folder / CONFIG).get("base_model_name_or_path")
    return str(name or "another model")


def _refuse_beyond_weights(folder: Path, config: Mapping[str, Any]) -> None:
    for key in _BEYOND_WEIGHTS:
        if config.get(key):
            raise InputError(f"{folder}: adapters with {key} cannot be merged.")
    first = config.get("init_lora_weights")
    if isinstance(first, str) and first.lower() not in _HARMLESS:
        raise InputError(
            f"{folder}: init_lora_weights={first} began by changing the base's weights, and how "
            "is not recorded. Convert it with peft (path_initial_model_for_weight_conversion)."
        )


def _weights(folder: Path) -> Path:
    for name in (_SAFE, _PICKLED):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder}: no {_SAFE} (or {_PICKLED}) in it: the adapter has no weights.")


def _names(declared: Any) -> tuple[str, ...]:
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
