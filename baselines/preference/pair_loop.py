"""The tuning loop: trl's trainer, told to do what the recipe says and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from trl import DPOConfig

from baselines.preference.report import Point, Separation
from baselines.preference.samples import PairSample, PairSet
from baselines.preference.trainer import REFERENCE, PairTrainer, dataset
from baselines.training.evaluations import Measure
from baselines.training.held_out import LOSS
from baselines.training.lifecycle import Ended, Lifecycle, on_one_device
from baselines.training.needs import Work, tell_needs
from baselines.training.order import EpochOrder
from baselines.training.workspace import Workspace
from submission.recipes.schema import Preference, Training


@dataclass(frozen=True)
class Fitted:
    """A finished loop; ``held_out`` is how the kept weights tell the held-out pairs apart."""

    ended: Ended
    points: tuple[Point, ...]
    held_out: Separation | None
    micro_batch: int


def fit_pairs(
    model: Any,
    tokenizer: Any,
    samples: PairSet,
    unseen: PairSet | None,
    training: Training,
    preference: Preference,
    seed: int,
    workspace: Workspace,
    checkpoint_seconds: float,
    say: Callable[[str], None],
    *,
    start: bool,
) -> Fitted:
    """Tune ``model`` in place, from the workspace's latest checkpoint where it has one.

    With ``unseen`` pairs, the model ends with the weights that had the smallest loss on them, if
    the recipe keeps those. Raises what :class:`Lifecycle` and its ``run`` raise, and
    ``Stopped`` where memory does not suffice for a single pair.
    """
    lifecycle = Lifecycle(
        training, seed, workspace, checkpoint_seconds, say,
        rows=len(samples.samples), measure=None if unseen is None else Measure(LOSS, "lower"),
    )  # fmt: skip
    trainer = PairTrainer(
        order=EpochOrder([len(each) for each in samples.samples], training.batch_size, seed),
        watch=lifecycle.watch,
        say=say,
        start=start,
        preference=preference,
        unseen=unseen,
        model=model,
        args=on_one_device(
            DPOConfig(
                **lifecycle.settings(),
                beta=preference.beta,
                label_smoothing=preference.label_smoothing,
                max_length=None,  # what is too long was left out whole
            )
        ),
        train_dataset=dataset(samples.samples),
        processing_class=tokenizer,
        callbacks=lifecycle.callbacks,
    )
    _tell_needs(trainer, samples.samples, training, lifecycle.began, say)
    ended = lifecycle.run(trainer, model)
    found = Fitted(
        ended=ended,
        points=tuple(map(_point, filter(_is_step, trainer.state.log_history))),
        held_out=trainer.separation() if unseen is not None else None,
        micro_batch=trainer.micro_batch or training.batch_size,
    )
    # The tuned adapter alone is to be saved.
    if REFERENCE in model.peft_config:
        model.delete_adapter(REFERENCE)
    return found


def _tell_needs(
    trainer: PairTrainer,
    samples: Sequence[PairSample],
    training: Training,
    began: int,
    say: Callable[[str], None],
) -> None:
    """Say what the largest batch takes, by a forward pass of one chosen answer."""
    ordered = sorted(samples, key=len)
    middle = ordered[len(ordered) // 2]
    ids = torch.tensor([[*middle.prompt, *middle.chosen]], device=trainer.args.device)
    longest = ordered[-training.batch_size :]
    each = sum(map(len, samples)) / len(samples)
    work = Work(
        # Both answers of each pair, padded to the longest.
        tokens=2 * len(longest) * len(longest[-1]),
        positions=0,  # trl computes no logits but in the passes over the output layer
        mean=2 * each * training.batch_size * training.accumulation,
        steps=trainer.args.max_steps - began,
        began=began,
    )
    tell_needs(trainer.model, {"input_ids": ids}, work, training, say)


def _is_step(entry: dict[str, Any]) -> bool:
    return "loss" in entry


def _point(entry: dict[str, Any]) -> Point:
    return Point(
        step=entry["step"],
        loss=entry["loss"],
        margin=entry["rewards/margins"],
        accuracy=entry["rewards/accuracies"],
        chosen=entry["logps/chosen"],
        rejected=entry["logps/rejected"],
    )
