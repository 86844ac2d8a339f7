"""A new adapter over a base model."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from submission.adapters.config import CONFIG
from submission.errors import InputError, few, nearest
from submission.recipes.schema import Lora

ALL_LINEAR = "all-linear"


def add_adapter(model: Any, lora: Lora, *, seq2seq: bool = False) -> Any:
    """``model`` with an untrained adapter over it, as a peft model.

    Raises :class:`InputError` where a target is no layer of the model.
    """
    from peft import LoraConfig, get_peft_model

    names = _linear_names(model)
    config = LoraConfig(
        r=lora.rank,
        lora_alpha=int(lora.alpha) if lora.alpha.is_integer() else lora.alpha,
        lora_dropout=lora.dropout,
        target_modules=_targets(lora, names, _output_name(model)),
        task_type="SEQ_2_SEQ_LM" if seq2seq else "CAUSAL_LM",
    )
    with warnings.catch_warnings():
        # An adapter on an output layer that shares its weights is merged with care (attach.py).
        warnings.filterwarnings("ignore", message=".*tie_word_embeddings.*")
        # GPT-2 keeps its weights transposed, which peft finds out and announces.
        warnings.filterwarnings("ignore", message=".*fan_in_fan_out.*")
        return get_peft_model(model, config)


def save_adapter(model: Any, folder: Path, base_name: str) -> None:
    """Write weights and configuration; the same adapter gives the same bytes."""
    # Whether embeddings changed would otherwise be asked of a hub, by the base's name.
    model.save_pretrained(folder, save_embedding_layers=False)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / CONFIG
    config = json.loads(path.read_text(encoding="utf-8"))
    config["base_model_name_or_path"] = base_name
    config["target_modules"].sort()
    path.write_text(
        json.dumps(config, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )


def _targets(lora: Lora, names: set[str], output: str | None) -> list[str]:
    absent = [name for name in lora.targets if name != ALL_LINEAR and name not in names]
    if absent:
        raise InputError(
            f"training.lora.targets: this model has no layer {few(absent)}. "
            f"It has {nearest(sorted(names), *absent)}; {ALL_LINEAR} takes all but the output "
            "layer."
        )
    chosen = set(lora.targets)
    if ALL_LINEAR in chosen:
        # By name rather than by peft's own "all-linear", which lists every layer's path.
        chosen = (chosen - {ALL_LINEAR}) | (names - {output})
    return sorted(chosen)


def _linear_names(model: Any) -> set[str]:
    import torch
    from transformers.pytorch_utils import Conv1D

    return {
        name.rpartition(".")[2]
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear | Conv1D)
    }


def _output_name(model: Any) -> str | None:
    output = model.get_output_embeddings()
    names = (name for name, module in model.named_modules() if module is output)
    return None if output is None else next(names).rpartition(".")[2]
