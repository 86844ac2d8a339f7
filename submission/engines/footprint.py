"""What a model takes of a machine's memory, from its files alone."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

BYTES = {"float32": 4, "bfloat16": 2, "float16": 2}
_STORED = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1}
_FLOATING = {"F64", "F32", "F16", "BF16"}


class Footprint(NamedTuple):
    """Bytes of a model's weights, and of its cache for each token of a prompt or answer.

    ``cache`` are the bytes that there are for the cache on this machine; None where the engine
    takes what it needs.
    """

    weights: int
    per_token: int
    cache: int | None = None


def weight_bytes(folder: Path, dtype: str) -> int:
    """The weights in ``folder`` when loaded in ``dtype``; quantized tensors stay as they are.

    Files that are not safetensors count as they are on disk.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        return sum(path.stat().st_size for path in folder.glob("*.bin"))
    return sum(_tensor_bytes(tensor, dtype) for path in files for tensor in _tensors(path))


def cache_bytes_per_token(config: Mapping[str, Any], dtype: str) -> int:
    """Keys and values of one token in every layer: 2 x layers x heads x width of a head x bytes.

    ``config`` is the model's config.json. The heads are those of keys and values, which grouped
    attention has fewer of. Layers with a window or a compressed cache take less.
    """
    text = config.get("text_config") or config
    layers = text.get("num_hidden_layers") or text.get("n_layer") or text.get("num_layers") or 0
    heads = text.get("num_attention_heads") or text.get("n_head") or text.get("num_heads") or 1
    width = text.get("hidden_size") or text.get("n_embd") or text.get("d_model") or 0
    head = text.get("head_dim") or text.get("d_kv") or width // heads
    shared = text.get("num_key_value_heads") or heads
    return int(2 * layers * shared * head * BYTES[dtype])


def _tensors(path: Path) -> list[Mapping[str, Any]]:
    """The tensors' entries in the header of a safetensors file."""
    with path.open("rb") as handle:
        (length,) = struct.unpack("<Q", handle.read(8))
        header = json.loads(handle.read(length))
    return [entry for name, entry in header.items() if name != "__metadata__"]


def _tensor_bytes(tensor: Mapping[str, Any], dtype: str) -> int:
    stored = tensor["dtype"]
    size = BYTES[dtype] if stored in _FLOATING else _STORED.get(stored, 1)
    return int(prod(tensor["shape"])) * size
