"""What a training will take, told before it begins: memory, and the time of its next step."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from peft.tuners.lora import LoraLayer

from submission.machine.memory import free_for_models, out_of_memory
from submission.recipes.schema import Training
from submission.terminal.progress import duration

GIB, MIB = 2**30, 2**20
# Bytes of the optimizer's state for a trained number, and that of the gradient (float32).
_STATE = {"adamw": 8, "paged_adamw_32bit": 8, "adamw_8bit": 2, "paged_adamw_8bit": 2}
_GRADIENT = 4
# Logits in float32, their log-softmax, and the gradient of each.
_LOGIT = 16
_TIGHT = 0.8
_SLOW = 12 * 3600.0
_BACKWARD = 2.0
"""Times of a backward pass in those of a forward pass; recomputing takes a third one."""
_SHORT = 2.0
"""Seconds of a first pass that is likely to have been spent on warming up, and is repeated."""


@dataclass(frozen=True)
class Measured:
    """A forward pass: bytes that are kept for the backward pass, and seconds, for each token."""

    kept: float
    seconds: float


@dataclass(frozen=True)
class Work:
    """What is computed: the largest batch's tokens and learned positions, and the steps to come.

    ``mean`` is how many tokens a step has on average, an encoder's and a decoder's together;
    ``began`` is how many steps an earlier process made.
    """

    tokens: int
    positions: int
    mean: float
    steps: int
    began: int = 0


@dataclass(frozen=True)
class Needs:
    """Bytes beside the model's weights, and seconds of a step."""

    trained: float
    activations: float
    logits: float
    step_seconds: float

    @property
    def memory(self) -> float:
        """All of them, in bytes."""
        return self.trained + self.activations + self.logits


def tell_needs(
    model: Any,
    inputs: Mapping[str, Any],
    work: Work,
    training: Training,
    say: Callable[[str], None],
) -> None:
    """Say what training ``model`` takes, by a forward pass of ``inputs``, a small batch.

    Where it is out of proportion to what the machine has, the settings that help are named with
    what they leave. The model and torch's random numbers are left as they were.
    """
    measured = measure(model, inputs, training)
    if measured is None:
        return
    needs = needs_of(model, work, training, measured)
    free = free_for_models()
    limit = f", {_size(free)} are free" if free is not None else ""
    say(
        f"Memory: about {_size(needs.memory)} beside the model (activations "
        f"{_size(needs.activations)}, logits {_size(needs.logits)}, gradients and optimizer "
        f"{_size(needs.trained)}) for {work.tokens:,} tokens at once{limit}."
    )
    if free is not None and needs.memory > _TIGHT * free:
        plain = None
        if training.method != "full" and training.lora.dropout:
            plain = measure(model, inputs, training, dropout=False)
        ways = cures(model, work, training, measured, plain)
        say(f"Warning: that may not fit. {'; '.join(ways)}.")
    seconds = needs.step_seconds
    which = "Next" if work.began else "First"
    every = "the remaining" if work.began else "all"
    steps = f"; {every} {work.steps:,} steps about {duration(seconds * work.steps)}"
    say(
        f"{which} step: about {duration(seconds)} for {work.mean:,.0f} tokens"
        f"{steps if work.steps > 1 else ''}."
    )
    if seconds * work.steps > _SLOW:
        say(
            "Warning: that is long. training.rows, training.epochs and training.max_length make it "
            "shorter, a smaller model or a GPU faster."
        )


def needs_of(model: Any, work: Work, training: Training, measured: Measured) -> Needs:
    """What ``work`` takes of memory and time with the settings of ``training``."""
    trained = sum(each.numel() for each in model.parameters() if each.requires_grad)
    activations, passes = measured.kept * work.tokens, 1.0 + _BACKWARD
    if training.gradient_checkpointing:
        text = model.config.get_text_config()
        layers, width = text.num_hidden_layers, text.hidden_size
        # Each layer's input is kept, and all of one layer at a time.
        activations = activations / layers + 4.0 * work.tokens * layers * width
        passes += 1.0
    return Needs(
        trained=trained * (_GRADIENT + _STATE.get(training.optimizer, 0)),
        activations=activations,
        logits=float(_LOGIT * work.positions * model.config.get_text_config().vocab_size),
        step_seconds=measured.seconds * work.mean * passes,
    )


def cures(
    model: Any, work: Work, training: Training, measured: Measured, plain: Measured | None = None
) -> list[str]:
    """The settings that take less memory, each with what it leaves.

    ``plain`` is what was measured without the adapter's dropout, where there is any.
    """
    found = []
    if not training.gradient_checkpointing:
        less = training.model_copy(update={"gradient_checkpointing": True})
        left = needs_of(model, work, less, measured).memory
        found.append(f"training.gradient_checkpointing=true takes about {_size(left)}")
    if training.batch_size > 1:
        size, times = _split(training)
        part = size / training.batch_size
        smaller = replace(
            work,
            tokens=math.ceil(work.tokens * part),
            positions=math.ceil(work.positions * part),
        )
        left = needs_of(model, smaller, training, measured).memory
        found.append(
            f"training.batch_size={size} with training.accumulation={times} (steps of the same "
            f"size) takes about {_size(left)}"
        )
    if plain is not None:
        left = needs_of(model, work, training, plain).memory
        found.append(f"training.lora.dropout=0 takes about {_size(left)}")
    found.append("training.max_length leaves longer samples out")
    return found


def _split(training: Training) -> tuple[int, int]:
    """About a quarter of the batch, and how many of these are one step as before."""
    step = training.batch_size * training.accumulation
    sizes = [size for size in range(1, training.batch_size) if step % size == 0]
    size = min(sizes, key=lambda size: abs(size - training.batch_size / 4))
    return size, step // size


def measure(
    model: Any, inputs: Mapping[str, Any], training: Training, *, dropout: bool = True
) -> Measured | None:
    """A forward pass as training makes it; None where memory does not suffice even for that.

    Without ``dropout``, that of adapters is left out.
    """
    tokens = tokens_of(inputs)
    own = {each.untyped_storage().data_ptr() for each in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}

    def keep(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    def seconds_of_a_pass() -> float:
        started = time.perf_counter()
        model(**inputs)
        if device == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - started

    half = training.dtype != "float32"
    device = inputs["input_ids"].device.type
    training_before = model.training
    model.train()
    if not dropout:
        for module in model.modules():
            if isinstance(module, LoraLayer):
                module.lora_dropout.eval()
    try:
        with (
            torch.random.fork_rng(),
            torch.autocast(device, getattr(torch, training.dtype), enabled=half),
        ):
            with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
                seconds = seconds_of_a_pass()
            if seconds < _SHORT:
                seconds = seconds_of_a_pass()
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        return None
    finally:
        model.train(training_before)
    return Measured(sum(kept.values()) / tokens, seconds / tokens)


def tokens_of(inputs: Mapping[str, Any]) -> int:
    """How many tokens a batch has with what pads it, an encoder's and a decoder's together."""
    return sum(
        inputs[name].numel() for name in ("input_ids", "decoder_input_ids") if name in inputs
    )


def _size(count: float) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB / 10 else f"{count / MIB:.0f} MiB"
