"""Which processors or GPUs of this machine each worker has to itself."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from submission.errors import InputError
from submission.machine.hardware import has_gpu, processors
from submission.recipes import Recipe

_GPUS = "CUDA_VISIBLE_DEVICES"
_THREADS = "OMP_NUM_THREADS"
# vLLM's own list of processors, which is for one engine.
_BINDING = "VLLM_CPU_OMP_THREADS_BIND"


@dataclass(frozen=True)
class Share:
    """A worker's part of the machine: its processors (none: all), and what its environment adds."""

    processors: Sequence[int] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, as the worker is to have it."""
        kept = {name: value for name, value in os.environ.items() if name != _BINDING}
        return {**kept, **self.variables}


def shares(recipe: Recipe) -> list[Share]:
    """A share for each of the recipe's workers.

    Raises :class:`InputError` where this machine has too few GPUs, or without any too few
    processors.
    """
    workers, each = recipe.engine.workers, recipe.engine.tensor_parallel_size
    unit = "GPU" if has_gpu() else "processor"
    having = _gpus() if has_gpu() else [str(number) for number in processors()]
    if len(having) < workers * each:
        raise InputError(
            f"engine.workers: {workers} workers need {workers * each} {unit}s, and this process "
            f"may use {len(having)}. Lower it to {max(len(having) // each, 1)}."
        )
    if has_gpu():
        return [
            Share(variables={_GPUS: ",".join(having[first * each : (first + 1) * each])})
            for first in range(workers)
        ]
    parts = [processors()[first::workers] for first in range(workers)]
    return [Share(part, {_THREADS: str(len(part))}) for part in parts]


def _gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA names them."""
    named = os.environ.get(_GPUS)
    if named:
        return [each.strip() for each in named.split(",")]
    import torch

    return [str(number) for number in range(torch.cuda.device_count())]
