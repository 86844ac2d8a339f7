"""Memory that ran out, told from other errors; and memory given back."""

from __future__ import annotations

from submission.machine.hardware import has_gpu


def out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` says that a GPU's or the machine's memory ran out."""
    import torch

    text = str(error).lower()
    return (
        isinstance(error, MemoryError | torch.OutOfMemoryError)
        or "out of memory" in text
        or "can't allocate memory" in text
        or "cannot allocate memory" in text
        or "not enough memory" in text
    )


def free_memory() -> None:
    """Give back what nothing refers to any more."""
    import gc

    gc.collect()
    if has_gpu():
        import torch

        torch.cuda.empty_cache()
