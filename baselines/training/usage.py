"""What a training needs: memory and parameters."""

from __future__ import annotations

import resource
from typing import Any

import torch

from submission.machine.hardware import has_gpu


def peak_memory() -> int:
    """The most main memory that this process has had, in bytes (Linux counts in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def peak_gpu_memory() -> int | None:
    """The most GPU memory that tensors have had, in bytes; None without a GPU."""
    return int(torch.cuda.max_memory_allocated()) if has_gpu() else None


def count_parameters(model: Any) -> tuple[int, int]:
    """(all, trained) parameters; a tensor in 4 bits counts as the numbers that it holds."""
    total = trained = 0
    for tensor in model.parameters():
        state = getattr(tensor, "quant_state", None)
        count = tensor.numel() if state is None else torch.Size(state.shape).numel()
        total += count
        trained += count if tensor.requires_grad else 0
    return total, trained
