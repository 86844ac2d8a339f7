"""The tuning loop: trl's trainer, told to do what the recipe says and nothing else."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import PrinterCallback
from trl import DPOConfig

from baselines.preference.report import Point
from baselines.preference.samples import PairSet
from baselines.preference.trainer import REFERENCE, PairTrainer, dataset
from baselines.training.checkpoints import KeepCheckpoints, Stopwatch, Workspace
from baselines.training.loop import MOST_LOGGED, trainer_settings
from baselines.training.order import EpochOrder
from baselines.training.progress import TellProgress
from submission.engines.memory import out_of_memory
from submission.errors import InputError, Stopped
from submission.recipes.schema import Preference, Training


@dataclass(frozen=True)
class Fitted:
    """A finished loop: its trainer, the step it began at, and training time in seconds."""

    trainer: PairTrainer
    began: int
    seconds: float

    @property
    def steps(self) -> int:
        """Optimizer steps in all."""
        return int(self.trainer.state.global_step)

    @property
    def points(self) -> list[Point]:
        """What was logged, in order."""
        return [
            Point(
                step=entry["step"],
                loss=entry["loss"],
                margin=entry["rewards/margins"],
                accuracy=entry["rewards/accuracies"],
                chosen=entry["logps/chosen"],
                rejected=entry["logps/rejected"],
            )
            for entry in self.trainer.state.log_history
            if "loss" in entry
        ]

    def drop_reference(self) -> None:
        """Leave the tuned adapter alone over the model, to be saved."""
        model = self.trainer.model
        if REFERENCE in model.peft_config:
            model.delete_adapter(REFERENCE)


def fit(
    model: Any,
    tokenizer: Any,
    samples: PairSet,
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

    Raises:
        InputError: the loss became NaN, or what ``report_to`` names is not installed.
        Stopped: memory does not suffice; checkpoints are kept.
    """
    checkpoint = workspace.latest()
    if checkpoint is not None:
        say(f"resuming after step {checkpoint.step}")
    per_epoch = -(-len(samples.samples) // (training.batch_size * training.accumulation))
    steps = training.max_steps or max(1, round(per_epoch * training.epochs))
    log_steps = max(1, steps // MOST_LOGGED)
    before = checkpoint.seconds if checkpoint else 0.0
    keeper = KeepCheckpoints(checkpoint_seconds, before, log_steps, Stopwatch())
    trainer = PairTrainer(
        order=EpochOrder([len(each) for each in samples.samples], training.batch_size, seed),
        start=start,
        model=model,
        args=DPOConfig(
            **trainer_settings(workspace, training, seed, steps, log_steps),
            beta=preference.beta,
            label_smoothing=preference.label_smoothing,
            max_length=None,  # what is too long was left out whole
        ),
        train_dataset=dataset(samples.samples),
        processing_class=tokenizer,
        callbacks=[keeper, TellProgress(say)],
    )
    trainer.remove_callback(PrinterCallback)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise Stopped(
            f"Out of memory at {training.batch_size} pairs. Checkpoints are kept. Halve "
            "training.batch_size and double training.accumulation (which is another training), "
            "set training.gradient_checkpointing=true, or use training.method=qlora."
        ) from error
    done = Fitted(trainer, checkpoint.step if checkpoint else 0, keeper.seconds)
    if not all(math.isfinite(point.loss) for point in done.points):
        raise InputError("The loss became NaN: lower training.learning_rate, or use float32.")
    return done
