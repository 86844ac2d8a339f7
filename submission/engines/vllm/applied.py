"""What vLLM really runs with, which is not always what it was asked for.

It leaves out what a model, a processor or another setting does not go with, and says so in a log
at most: an FP8 cache that was not applied has cost a contest's team its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from submission.engines.base import Setting

EXTENSION = f"{__name__}.WorkerView"


class WorkerView:
    """Methods that vLLM adds to its worker, where the tensors and the kernels are."""

    def leaderkit_view(self) -> dict[str, str]:
        """The precision that the cache is allocated in, and the backends that attention runs on."""
        runner: Any = self.model_runner  # type: ignore[attr-defined]  # the worker's own
        # Not every runner of vLLM's has both.
        groups = [each for several in getattr(runner, "attn_groups", ()) for each in several]
        caches = [each for each in getattr(runner, "kv_caches", ()) if hasattr(each, "dtype")]
        backends = {group.backend.get_name() for group in groups}
        return {
            "attention_backend": ", ".join(sorted(backends)),
            "kv_cache_tensors": ", ".join(sorted({_plain(each.dtype) for each in caches})),
        }


def applied_settings(llm: Any, asked: Mapping[str, Any]) -> list[Setting]:
    """Each setting that ``llm`` runs with, beside what of it was ``asked``.

    All arguments of ``asked`` are there that vLLM's configuration holds, and these, asked or not:
    precisions, quantization, attention backend, sizes of batches, context, caching, chunked prefill
    and speculation.
    """
    config = llm.llm_engine.vllm_config
    seen = {
        "dtype": config.model_config.dtype,
        "quantization": config.model_config.quantization,
        "max_model_len": config.model_config.max_model_len,
        "kv_cache_dtype": config.cache_config.cache_dtype,
        "enable_prefix_caching": config.cache_config.enable_prefix_caching,
        "max_num_seqs": config.scheduler_config.max_num_seqs,
        "max_num_batched_tokens": config.scheduler_config.max_num_batched_tokens,
        "enable_chunked_prefill": config.scheduler_config.enable_chunked_prefill,
        "speculative_config": _speculation(config.speculative_config),
    }
    found = {name: _plain(value) for name, value in seen.items()}
    found |= {name: _plain(value) for name, value in _others(config, asked) if name not in found}
    found |= llm.collective_rpc("leaderkit_view")[0]
    found["kv_cache_dtype"] = _cache(found["kv_cache_dtype"], found.pop("kv_cache_tensors"))
    told = {name: _plain(value) for name, value in asked.items() if value is not None}
    return [
        Setting(name, value, given, differs=given is not None and differ(given, value))
        for name, value in sorted(found.items())
        for given in [told.get(name)]
    ]


def _others(config: Any, asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What was asked for beyond the usual, where a part of the configuration has it by its name."""
    parts = [part for part in vars(config).values() if hasattr(part, "__dict__")]
    for name, value in asked.items():
        holding = [part for part in parts if name in vars(part)]
        if holding and not isinstance(value, dict | list):
            yield name, getattr(holding[0], name)


def _speculation(config: Any) -> dict[str, Any] | None:
    if config is None:
        return None
    return {
        "method": config.method,
        "num_speculative_tokens": config.num_speculative_tokens,
    }


def _cache(configured: str, tensors: str) -> str:
    """The cache's precision by its tensors; eight bits in a byte are whatever was configured."""
    return configured if tensors in ("", "uint8", "int8") else tensors


def differ(asked: str, found: str) -> bool:
    """Whether one of the two says other than the other, which may say more."""
    if asked in ("auto", found):
        return False
    try:
        wanted, got = json.loads(asked), json.loads(found)
    except ValueError:
        one, other = asked.lower(), found.lower()
        # fp8 is short for one of its kinds, which tensors name in PyTorch's words.
        return not (one == "fp8" and "float8" in other.replace("fp8", "float8")) and one != other
    if isinstance(wanted, dict) and isinstance(got, dict):
        return any(key in got and got[key] != value for key, value in wanted.items())
    return bool(wanted != got)


def _plain(value: Any) -> str:
    if isinstance(value, dict | list | bool) or value is None:
        return json.dumps(value, sort_keys=True, default=str)
    return str(getattr(value, "name", value)).removeprefix("torch.")
