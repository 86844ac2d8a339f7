"""The loop of supervised training: transformers' Trainer, told what the recipe says."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import TrainingArguments

from baselines.training.batches import (
    Collate,
    Pack,
    collate_packed,
    collate_padded,
    collate_seq2seq,
    pack,
)
from baselines.training.evaluations import Measure
from baselines.training.held_out_score import HeldOutScore
from baselines.training.lifecycle import Ended, Lifecycle, on_one_device
from baselines.training.needs import Work, tell_needs, tokens_of
from baselines.training.order import EpochOrder
from baselines.training.samples import SampleSet
from baselines.training.trainer import Packs, SftTrainer
from baselines.training.workspace import Workspace
from submission.recipes.schema import Training


@dataclass(frozen=True)
class Point:
    """A logged step: the mean loss of its learned tokens, the rate, and the gradient's norm."""

    step: int
    epoch: float
    loss: float
    learning_rate: float
    gradient: float


@dataclass(frozen=True)
class Fit:
    """A finished loop; ``pace`` is in tokens per second, of this process."""

    ended: Ended
    points: tuple[Point, ...]
    sequences: int
    tokens: int
    pace: float
    micro_batch: int


def fit_samples(
    model: Any,
    samples: SampleSet,
    training: Training,
    seed: int,
    workspace: Workspace,
    checkpoint_seconds: float,
    say: Callable[[str], None],
    *,
    start: int | None = None,
    held_out: HeldOutScore | None = None,
) -> Fit:
    """Train ``model`` in place, from the workspace's latest checkpoint where it has one.

    ``start`` is the id that an encoder-decoder's decoder begins with, None for a causal model.
    With ``held_out`` rows, the model ends with the weights that did best on them, if the recipe
    keeps those. Raises what :class:`Lifecycle` and its ``run`` raise, and ``Stopped`` where
    memory does not suffice for a single sequence.
    """
    packs = _packs(samples, training)
    lifecycle = Lifecycle(
        training, seed, workspace, checkpoint_seconds, say,
        rows=len(packs),
        measure=None if held_out is None else Measure(held_out.name, held_out.direction),
    )  # fmt: skip
    trainer = SftTrainer(
        held_out=held_out,
        order=EpochOrder([sum(map(len, each)) for each in packs], training.batch_size, seed),
        watch=lifecycle.watch,
        say=say,
        model=model,
        args=on_one_device(TrainingArguments(**lifecycle.settings())),
        train_dataset=Packs(packs),
        data_collator=collate_for(training, start),
        callbacks=lifecycle.callbacks,
    )
    _tell_needs(trainer, packs, training, lifecycle.began, say)
    ended = lifecycle.run(trainer, model)
    return Fit(
        ended=ended,
        points=_points(trainer.state.log_history),
        sequences=len(packs),
        tokens=trainer.tokens,
        pace=trainer.tokens / ended.own_seconds,
        micro_batch=trainer.micro_batch or training.batch_size,
    )


def _tell_needs(
    trainer: SftTrainer,
    packs: Sequence[Pack],
    training: Training,
    began: int,
    say: Callable[[str], None],
) -> None:
    """Say what the largest batch takes, by a forward pass of a sequence of middle length."""
    ordered = sorted(packs, key=lambda each: sum(map(len, each)))
    largest = trainer.data_collator(ordered[-training.batch_size :])
    inputs = trainer.inputs_of(trainer.data_collator([ordered[len(ordered) // 2]]))
    # An encoder-decoder's labels are all of its decoder's positions.
    learned = largest["labels" if trainer.keeps or "decoder_input_ids" in largest else "input_ids"]
    each = sum(len(sample) for row in packs for sample in row) / len(packs)
    work = Work(
        tokens=tokens_of(largest),
        positions=learned.numel(),
        mean=each * training.batch_size * training.accumulation,
        steps=trainer.args.max_steps - began,
        began=began,
    )
    device = trainer.args.device
    on_device = {name: tensor.to(device) for name, tensor in inputs.items() if name != "tokens"}
    tell_needs(trainer.model, on_device, work, training, say)


def _packs(samples: SampleSet, training: Training) -> list[Pack]:
    if training.packing:
        return pack(samples.samples, samples.limits.total or training.max_length)
    return [(sample,) for sample in samples.samples]


def collate_for(training: Training, start: int | None) -> Collate:
    """How batches are made; ``start`` is where an encoder-decoder's decoder begins."""
    if start is not None:
        return collate_seq2seq(start)
    return collate_packed if training.packing else collate_padded


def _points(history: list[dict[str, Any]]) -> tuple[Point, ...]:
    return tuple(
        Point(each["step"], each["epoch"], each["loss"], each["learning_rate"], each["grad_norm"])
        for each in history
        if "loss" in each
    )
