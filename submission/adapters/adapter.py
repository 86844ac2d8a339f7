"""What a LoRA adapter's folder holds, and which folders are refused."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from submission.adapters.config import read_configuration, read_record
from submission.errors import InputError
from submission.files.model_files import ModelFiles

if TYPE_CHECKING:
    import torch

_SAFE, _PICKLED = "adapter_model.safetensors", "adapter_model.bin"
_FOUR_BIT = re.compile(r"4-?bit|nf4|fp4", re.IGNORECASE)
# Ways to begin that change nothing but the adapter's own first weights.
_HARMLESS = ("gaussian", "eva", "orthogonal", "mica", "lora_ga")
# What changes an adapter's meaning and cannot be written into the weights of a plain model.
_BEYOND_WEIGHTS = (
    "alora_invocation_tokens",
    "arrow_config",
    "layer_replication",
    "target_parameters",
    "use_bdlora",
    "use_qalora",
)
# What can, and yet is more than what is added to a layer.
_BEYOND_LORA = ("ensure_weight_tying", "trainable_token_indices")
# Other programs keep the adapter's name in those of its tensors.
_ADAPTER_NAME = re.compile(r"\.(lora_\w+|modules_to_save|trainable_tokens_delta)\.default(?=\.|$)")


@dataclass(frozen=True)
class Adapter:
    """A LoRA adapter on disk.

    ``rank`` and ``alpha`` are the usual ones and ``largest_rank`` that of any layer; ``saved``
    are modules that it replaces as a whole, and ``biases`` which biases it has values for;
    ``tokens`` are token ids whose embeddings it replaces, by their module ("" for the input's).
    ``base_name`` and ``base_digest`` say what it was trained on, ``quantized`` how this base was
    held then, where that was in 4 bits: by its record, and where that says nothing
    (``quantization_known``), by the base's name. Records are of adapters that leaderkit trained.
    ``beyond_lora`` names what it does beside changing layers by low-rank products; ``tied`` says
    that what changes one of embeddings that are shared changes the other.
    """

    folder: Path
    weights: Path
    rank: int
    alpha: float
    largest_rank: int
    targets: tuple[str, ...]
    saved: tuple[str, ...]
    tokens: Mapping[str, tuple[int, ...]]
    biases: str
    dora: bool
    tied: bool
    base_name: str | None
    base_digest: str | None
    quantized: str | None
    quantization_known: bool
    beyond_lora: str | None


def read_adapter(folder: Path, *, at_run_time: bool = False) -> Adapter:
    """The adapter in ``folder``, by its configuration.

    Raises :class:`InputError` for a folder that holds none, one of another kind than LoRA, values
    that cannot be, and one that began by changing its base; unless it is to be applied
    ``at_run_time``, also for one that is more than a change of weights.
    """
    config, data = read_configuration(folder)
    record = read_record(folder)
    _refuse_changed_base(folder, data)
    beyond = next((key for key in (*_BEYOND_WEIGHTS, *_BEYOND_LORA) if data.get(key)), None)
    if beyond in _BEYOND_WEIGHTS and not at_run_time:
        raise InputError(f"{folder}: adapters with {beyond} cannot be merged.")
    base_name = config.base_model_name_or_path or None
    held = record.base_quantization if record.tells_quantization else _last_part(base_name)
    return Adapter(
        folder=folder,
        weights=_weights(folder),
        rank=config.r,
        alpha=config.lora_alpha,
        largest_rank=max([config.r, *(config.rank_pattern or {}).values()]),
        targets=_names(config.target_modules),
        saved=_names(config.modules_to_save),
        tokens=_tokens(config.trainable_token_indices),
        biases="lora_only" if config.lora_bias else config.bias or "none",
        dora=bool(config.use_dora),
        tied=bool(config.ensure_weight_tying),
        base_name=base_name,
        base_digest=record.base_sha256,
        quantized=(record.base_quantization or base_name) if _in_4_bits(held) else None,
        quantization_known=record.tells_quantization,
        beyond_lora=beyond,
    )


def check_base(
    adapter: Adapter,
    base: ModelFiles,
    digest: str,
    *,
    other_base: bool,
    override: str = "--set model.other_base=true",
) -> str | None:
    """What is to be warned of where ``adapter`` was trained on other files than those of ``base``.

    ``digest`` is the base's :func:`~submission.files.digest.folder_digest`. None where the two are
    the same, and where the adapter has no record of its base. Raises :class:`InputError` where it
    provably is another base, unless ``other_base`` accepts it; ``override`` is how to say so.
    """
    if adapter.base_digest is None or adapter.base_digest == digest:
        return None
    trained = adapter.base_name or "another model"
    if not other_base:
        raise InputError(
            f"{adapter.folder}: the adapter was trained on '{trained}', and the files of "
            f"'{base.name}' are not those (their SHA-256 differs). Give that base, or {override} "
            "if this one is meant."
        )
    return (
        f"the files of '{base.name}' are not those the adapter was trained on ('{trained}'); only "
        "the shapes of its weights can be checked"
    )


def _in_4_bits(held: str | None) -> bool:
    return held is not None and _FOUR_BIT.search(held) is not None


def _last_part(name: str | None) -> str | None:
    """What a hub name or a folder is called, without where it is."""
    return name.rstrip("/").rpartition("/")[2] if name else None


def _refuse_changed_base(folder: Path, config: Mapping[str, Any]) -> None:
    first = config.get("init_lora_weights")
    if isinstance(first, str) and first.lower() not in _HARMLESS:
        raise InputError(
            f"{folder}: init_lora_weights={first} changed the base's weights before training, and "
            "the change is not recorded. Convert it with peft "
            "(path_initial_model_for_weight_conversion)."
        )


def _weights(folder: Path) -> Path:
    for name in (_SAFE, _PICKLED):
        if (folder / name).is_file():
            return folder / name
    raise InputError(f"{folder}: no {_SAFE} (or {_PICKLED}) in it: the adapter has no weights.")


def _names(declared: list[str] | str | None) -> tuple[str, ...]:
    if isinstance(declared, str):
        return (declared,)
    return tuple(sorted(declared or ()))


def _tokens(
    declared: list[int] | dict[str, list[int]] | None,
) -> Mapping[str, tuple[int, ...]]:
    by_module = declared if isinstance(declared, dict) else {"": declared or []}
    return {name: tuple(tokens) for name, tokens in by_module.items() if tokens}


def tensor_shapes(adapter: Adapter) -> dict[str, tuple[int, ...]]:
    """The shapes of the adapter's tensors by name. Raises :class:`InputError` for a damaged file.

    Of safetensors the header alone is read.
    """
    if adapter.weights.suffix != ".safetensors":
        return {name: tuple(tensor.shape) for name, tensor in read_weights(adapter).items()}
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(adapter.weights, framework="pt") as file:
            names = list(file.keys())
            return {_today(name): tuple(file.get_slice(name).get_shape()) for name in names}
    except (OSError, SafetensorError) as error:
        raise _unreadable(adapter.weights, error) from error


def whole_tensors(names: Iterable[str]) -> list[str]:
    """Those of an adapter's tensors that replace weights of the base instead of changing them."""
    return [
        name for name in names if ".lora_" not in name and not name.endswith(".base_layer.weight")
    ]


def read_weights(adapter: Adapter) -> dict[str, torch.Tensor]:
    """The adapter's tensors, by the names peft gives them.

    Raises :class:`InputError` for a damaged file, pickled code, and NaN.
    """
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
        raise _unreadable(path, error) from error
    if not isinstance(tensors, dict) or not tensors:
        raise InputError(f"{path}: holds no weights.")
    for name, tensor in tensors.items():
        if not isinstance(tensor, torch.Tensor):
            raise InputError(f"{path}: '{name}' is not a tensor; the file is not an adapter.")
        if not torch.isfinite(tensor).all():
            raise InputError(f"{path}: '{name}' holds NaN or infinity: that training diverged.")
    return {_today(name): tensor for name, tensor in tensors.items()}


def _today(name: str) -> str:
    """What peft calls the tensor when it writes one adapter's."""
    return _ADAPTER_NAME.sub(r".\1", name).replace(".modules_to_save.", ".")


def _unreadable(path: Path, error: Exception) -> InputError:
    reason = str(error).strip().splitlines()[:1]
    return InputError(f"{path}: cannot be read: {''.join(reason) or error!r}")
