"""Where a model comes from: a local folder or the hub, and what to say when it does not come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import is_zipfile

from evaluators.encoders.hub import hub_unreachable
from evaluators.encoders.torch_support import (
    display_name,
    means_folder,
    quiet_transformers,
    reason,
)
from evaluators.encoders.whole import require_vocabulary
from evaluators.errors import ModelUnavailableError
from evaluators.paths import local_path
from evaluators.pointers import refuse_pointers

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


@dataclass(frozen=True)
class ModelSource:
    """What a metric's option names: ``location`` is a folder, or a hub name to be looked up."""

    location: str
    name: str
    folder: Path | None
    local_only: bool

    @classmethod
    def of(cls, name_or_path: str) -> ModelSource:
        """Tell a folder from a hub name; raises EvaluationError where it cannot be read."""
        path = local_path(name_or_path)
        name = display_name(name_or_path)
        if path.exists():
            refuse_pointers(path)
            return cls(str(path), name, path, local_only=True)
        if means_folder(name_or_path):
            raise ModelUnavailableError(f"model {name_or_path!r}: there is no such folder")
        return cls(name_or_path, name, None, local_only=hub_unreachable())


def snapshot(source: ModelSource, patterns: list[str]) -> Path:
    """Return the folder with a model's files that fit ``patterns``, downloaded where needed."""
    if source.folder is not None:
        return source.folder
    from huggingface_hub import snapshot_download

    return Path(
        snapshot_download(
            source.location, allow_patterns=patterns, local_files_only=source.local_only
        )
    )


def config_and_tokenizer(source: ModelSource) -> tuple[Any, Any]:
    """Return a model's configuration and tokenizer.

    Raises what transformers raises, and ModelUnavailableError for a folder without a vocabulary.
    """
    from transformers import AutoConfig, AutoTokenizer

    with quiet_transformers():
        config = AutoConfig.from_pretrained(source.location, local_files_only=source.local_only)
        tokenizer = AutoTokenizer.from_pretrained(
            source.location, local_files_only=source.local_only
        )
    require_vocabulary(source.name, tokenizer)
    return config, tokenizer


def unloadable(
    metric: str, what: str, name: str, error: BaseException, hint: str
) -> ModelUnavailableError:
    """Return the error that says what could not be loaded, why, and which option helps."""
    return ModelUnavailableError(
        f"{metric} {what} {name!r} cannot be loaded ({reason(error)}): {hint}"
    )


def load_tensors(file: Path, metric: str, hint: str) -> Any:
    """Return what a file written by ``torch.save`` or safetensors holds, on the processor.

    Only tensors and plain values are unpickled: code in a file does not run. Raises EvaluationError
    for a file that is damaged or holds anything else.
    """
    import torch
    from safetensors.torch import load_file

    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        mapped = is_zipfile(file)  # files from before torch 1.6 are none and cannot be mapped
        return torch.load(file, map_location="cpu", weights_only=True, mmap=mapped)
    except Exception as error:
        # The unpickler raises whatever a damaged file makes it stumble over.
        raise unloadable(metric, "file", str(file), error, hint) from error


def weights_below(weights: Mapping[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    """Return the weights whose names begin with ``prefix``, named without it."""
    return {
        key.removeprefix(prefix): tensor
        for key, tensor in weights.items()
        # Older versions of transformers stored positions, which are no weights.
        if key.startswith(prefix) and not key.endswith("position_ids")
    }


def pick_device(device: str | None) -> torch.device:
    """Return the device asked for, else the first graphics card, else the processor."""
    import torch

    return torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
