"""What vLLM can run, and how it is set up on this machine."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from submission.adapters.adapter import Adapter, tensor_shapes, whole_tensors
from submission.adapters.embeddings import trained_sizes
from submission.engines.base import EngineContext
from submission.engines.checkpoint import Checkpoint
from submission.engines.vllm.log import EngineLog
from submission.errors import few
from submission.machine.busy import OtherWork
from submission.machine.hardware import (
    has_gpu,
    processors,
)

THREADS = "VLLM_CPU_OMP_THREADS_BIND"
_bound: str | None = None
LORA_SLOTS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
_EMBEDDINGS = {"embed_tokens", "lm_head"}


def lists(architectures: Sequence[str]) -> bool:
    """Whether vLLM's registry names one of these architectures, or none is given.

    Its source is looked at, because importing vLLM takes seconds, which a run that is in the
    ledger already does not need.
    """
    found = find_spec("vllm")
    if found is None or found.origin is None or not architectures:
        return True
    source = Path(found.origin).parent.joinpath("model_executor", "models", "registry.py")
    if not source.is_file():
        return True
    text = source.read_text(encoding="utf-8")
    return any(f'"{name}"' in text for name in architectures)


def model_refusal(context: EngineContext, checkpoint: Checkpoint) -> str | None:
    """Why vLLM applies no such adapter to this model at run time; None where it does.

    Imports vLLM. An architecture it does not know is left to its own message.
    """
    if checkpoint.adapter is None:
        return None
    architectures = checkpoint.config.get("architectures") or []
    prepare_environment(context)
    with EngineLog().capture():
        from vllm.model_executor.models.interfaces import supports_lora
        from vllm.model_executor.models.registry import ModelRegistry

        known = [
            ModelRegistry.models[name].load_model_cls()
            for name in architectures
            if name in ModelRegistry.models
        ]
    if not known:
        return None
    taking = [model for model in known if supports_lora(model)]
    if not taking:
        return f"to {', '.join(architectures)}"
    shapes = tensor_shapes(checkpoint.adapter)
    changed = _EMBEDDINGS & {name.split(".lora_")[0].rpartition(".")[2] for name in shapes}
    config = checkpoint.config
    rows = config.get("vocab_size") or config.get("text_config", {}).get("vocab_size")
    sizes = trained_sizes(shapes, sorted(_EMBEDDINGS)) - {rows}
    if rows is not None and sizes:
        return f"that was trained with {max(sizes)} tokens to a model that has {rows}"
    for model in taking:
        lacking = sorted(changed - set(getattr(model, "embedding_modules", None) or {}))
        if lacking:
            return f"with {' and '.join(lacking)} to {', '.join(architectures)}"
    return None


def prepare_environment(context: EngineContext) -> None:
    """What vLLM reads from the environment when it is imported; the user's own values stay."""
    defaults = {"VLLM_LOGGING_LEVEL": "ERROR", "VLLM_NO_USAGE_STATS": "1"}
    if not has_gpu():
        defaults["VLLM_CPU_KVCACHE_SPACE"] = str(context.recipe.engine.cpu_kvcache_gib)
        # The scheduler stays in this process: every process more imports all of vLLM again, one
        # after the other, and competes with the worker for few processors.
        defaults["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
        # An interrupted worker never ends by itself, and has nothing to save.
        defaults["VLLM_WORKER_SHUTDOWN_TIMEOUT_SECONDS"] = "1"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def bind_threads(context: EngineContext, work: OtherWork) -> None:
    """Bind vLLM's threads on a CPU to processors that are idle; the user's own binding stays.

    Threads wait for one another after every operation, so that one on a busy processor slows all
    of them down, by eight times as measured with two.
    """
    global _bound
    if has_gpu() or os.environ.get(THREADS) not in (None, _bound):
        return
    # Left to itself vLLM takes one thread per physical core and keeps some for its own frontend,
    # which leaves small machines with a single thread.
    shares, every = context.recipe.engine.tensor_parallel_size, processors()
    idle = sorted(work.idle(every))
    if len(idle) < len(every):
        threads = f"{len(idle)} thread{'s' if len(idle) > 1 else ''}"
        context.say(
            f"Warning: other work keeps {len(every) - len(idle)} of {len(every)} processors busy; "
            f"vLLM uses {threads} (processor {few(map(str, idle))})."
        )
    chosen = idle if len(idle) >= shares else every
    _bound = "|".join(",".join(map(str, chosen[share::shares])) for share in range(shares))
    os.environ[THREADS] = _bound


def adapter_refusal(adapter: Adapter | None) -> str | None:
    """Why vLLM does not apply this adapter to any model at run time; None where it may.

    Raises :class:`InputError` for a damaged file of weights.
    """
    if adapter is None:
        return None
    whole = whole_tensors(tensor_shapes(adapter))
    reasons = [
        reason
        for reason, so in (
            (f"of rank {adapter.largest_rank}", adapter.largest_rank > LORA_SLOTS[-1]),
            ("with DoRA", adapter.dora),
            (f"that replaces {few(adapter.saved)}", bool(adapter.saved)),
            ("with biases of its own", adapter.biases != "none"),
            (f"with {adapter.beyond_lora}", adapter.beyond_lora is not None),
            (f"with whole weights ({', '.join(whole[:1])})", bool(whole)),
        )
        if so
    ]
    return reasons[0] if reasons else None


def lora_slot(adapter: Adapter | None) -> int:
    """The smallest of vLLM's adapter sizes that holds this adapter's rank."""
    if adapter is None:
        return 16
    return next(size for size in LORA_SLOTS if size >= adapter.largest_rank)
