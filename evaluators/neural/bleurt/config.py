"""What a converted BLEURT checkpoint says of itself, and which of it is handled."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SIZES: Final = (
    "vocab_size",
    "embedding_size",
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "max_position_embeddings",
    "type_vocab_size",
)
_ACTIVATIONS: Final = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")


@dataclass(frozen=True)
class BleurtConfig:
    """The sizes of the encoder, and how its layers compute.

    ``embedding_size`` is narrower than ``hidden_size``: RemBERT projects its embeddings.
    """

    vocab_size: int
    embedding_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    max_position_embeddings: int
    type_vocab_size: int
    hidden_act: str
    layer_norm_eps: float


def read_config(file: Path) -> BleurtConfig:
    """Read ``config.json``; raises EvaluationError for what this package does not compute."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EvaluationError(f"bleurt: {file} cannot be read: {error}") from error
    if not isinstance(values, dict) or values.get("model_type") != "bleurt":
        kind = values.get("model_type") if isinstance(values, dict) else None
        raise _unhandled("model_type", kind, "bleurt")
    if values.get("embedding_size") is None:
        raise EvaluationError(
            "bleurt: a checkpoint without embedding_size is one of the older BERT-based ones, "
            "which are not supported: use bleurt:model= with BLEURT-20 or a distilled one of it"
        )
    activation = values.get("hidden_act", "gelu")
    if activation not in _ACTIVATIONS:
        raise _unhandled("hidden_act", activation, *_ACTIVATIONS)
    positions = values.get("position_embedding_type", "absolute")
    if positions != "absolute":
        raise _unhandled("position_embedding_type", positions, "absolute")
    labels = len(values.get("id2label", {0: ""}))
    if labels != 1:
        raise _unhandled("id2label", f"{labels} labels", "one")
    return BleurtConfig(
        **{name: _size(name, values) for name in _SIZES},
        hidden_act=activation,
        layer_norm_eps=float(values.get("layer_norm_eps", 1e-12)),
    )


def _size(name: str, values: Mapping[str, object]) -> int:
    value = values.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise _unhandled(name, value, "a whole number")
    return value


def _unhandled(name: str, value: object, *known: str) -> EvaluationError:
    return EvaluationError(
        f"bleurt: a checkpoint with {name}={value!r} is not supported, only {' or '.join(known)}: "
        "use bleurt:model= with lucadiliello/BLEURT-20 or a distilled one of it"
    )
