"""The training loop: transformers' Trainer, told to do what the recipe says and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainingArguments

from baselines.training.checkpoints import KeepCheckpoints, Workspace
from baselines.training.order import EpochOrder
from baselines.training.progress import TellProgress
from baselines.training.samples import Sample, SampleSet, collate
from submission.recipes.schema import Training

# Enough points for a curve; more would make every checkpoint of a long training heavier.
_MOST_LOGGED = 2000


@dataclass(frozen=True)
class Fit:
    """A finished loop: its losses in order, steps, the step it began at, and training time."""

    losses: tuple[float, ...]
    steps: int
    began: int
    seconds: float


class _OrderedTrainer(Trainer):  # type: ignore[misc]  # untyped base
    """A Trainer that takes the samples in an order of ours."""

    def __init__(self, *, order: EpochOrder, **settings: Any) -> None:
        self._order = order
        super().__init__(**settings)

    def _get_train_sampler(self, train_dataset: Any = None) -> Any:  # noqa: ARG002
        return self._order


class _Samples(torch.utils.data.Dataset[Sample]):
    """The samples as PyTorch wants them."""

    def __init__(self, samples: SampleSet) -> None:
        self._samples = samples.samples

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, place: int) -> Sample:
        return self._samples[place]


def fit(
    model: Any,
    samples: SampleSet,
    training: Training,
    seed: int,
    workspace: Workspace,
    checkpoint_seconds: float,
    say: Callable[[str], None],
) -> Fit:
    """Train ``model`` in place, from the workspace's latest checkpoint where it has one."""
    checkpoint = workspace.latest()
    if checkpoint is not None:
        say(f"resuming after step {checkpoint.step}")
    steps = _steps(len(samples.samples), training)
    log_steps = max(1, steps // _MOST_LOGGED)
    keeper = KeepCheckpoints(
        checkpoint_seconds, checkpoint.seconds if checkpoint else 0.0, log_steps
    )
    trainer = _OrderedTrainer(
        order=EpochOrder([len(each) for each in samples.samples], training.batch_size, seed),
        model=model,
        args=_arguments(workspace, training, seed, steps, log_steps),
        train_dataset=_Samples(samples),
        data_collator=collate,
        callbacks=[keeper, TellProgress(say)],
    )
    trainer.remove_callback(PrinterCallback)
    trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
    losses = tuple(entry["loss"] for entry in trainer.state.log_history if "loss" in entry)
    began = checkpoint.step if checkpoint else 0
    return Fit(losses, trainer.state.global_step, began, keeper.seconds)


def _steps(samples: int, training: Training) -> int:
    """Optimizer steps in all; the last batches of an epoch make a step of their own."""
    batches = -(-samples // training.batch_size)
    return max(1, round(-(-batches // training.accumulation) * training.epochs))


def _arguments(
    workspace: Workspace, training: Training, seed: int, steps: int, log_steps: int
) -> TrainingArguments:
    schedule = training.schedule
    return TrainingArguments(
        output_dir=str(workspace.folder),
        per_device_train_batch_size=training.batch_size,
        gradient_accumulation_steps=training.accumulation,
        max_steps=steps,
        learning_rate=training.learning_rate,
        lr_scheduler_type="constant_with_warmup" if schedule == "constant" else schedule,
        warmup_steps=training.warmup,
        weight_decay=training.weight_decay,
        optim="adamw_torch",
        bf16=training.dtype == "bfloat16",
        fp16=training.dtype == "float16",
        seed=seed,
        logging_steps=log_steps,
        logging_nan_inf_filter=False,  # a diverged training is to be seen
        save_strategy="no",  # KeepCheckpoints says when
        save_total_limit=2,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
    )
