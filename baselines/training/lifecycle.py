"""The course of a training, whatever is trained: its steps, settings, checkpoints and end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from transformers import TrainerCallback, TrainingArguments

from baselines.training.checkpoints import KeepCheckpoints, Stopwatch
from baselines.training.divergence import EndWhereItDiverges, finite
from baselines.training.evaluations import (
    Evaluated,
    EvaluateNowAndThen,
    Measure,
    best_of,
    evaluated,
    steps_between,
)
from baselines.training.progress import TellProgress
from baselines.training.report import CURE
from baselines.training.workspace import Workspace
from submission.errors import InputError
from submission.recipes.schema import Training

# Enough points for a curve; more would make every checkpoint of a long training heavier.
MOST_LOGGED = 2000
_OPTIMIZERS = {"adamw": "adamw_torch", "adamw_8bit": "adamw_bnb_8bit"}


@dataclass(frozen=True)
class Ended:
    """How a training ended.

    ``steps`` were made, the first ``began`` of them by an earlier process. ``seconds`` are of
    training alone, over all processes that took part, ``own_seconds`` those of this one. The
    weights are those after ``kept_step``: the best where the recipe keeps them, else the last.
    ``diverged`` is the step at which the loss was no longer a number, None where it always was.
    """

    steps: int
    began: int
    seconds: float
    own_seconds: float
    evaluations: tuple[Evaluated, ...]
    kept_step: int
    stopped_early: bool
    diverged: int | None


class Lifecycle:
    """A training from its workspace's latest checkpoint, or from the beginning, to its end.

    ``measure`` says what held-out rows are judged by, where the model is tried on some.

    Raises :class:`InputError` where warming up would take the whole training, or what
    ``report_to`` names is not installed.
    """

    def __init__(
        self,
        training: Training,
        seed: int,
        workspace: Workspace,
        checkpoint_seconds: float,
        say: Callable[[str], None],
        *,
        rows: int,
        measure: Measure | None,
    ) -> None:
        per_epoch = -(-rows // (training.batch_size * training.accumulation))
        self._training = training
        self._seed = seed
        self._workspace = workspace
        self._say = say
        self._steps = steps_of(training, per_epoch)
        self._log_steps = max(1, self._steps // MOST_LOGGED)
        self._measure = measure
        self._checkpoint = workspace.latest()
        self._before = self._checkpoint.seconds if self._checkpoint else 0.0
        self.watch = Stopwatch()
        self._keeper = KeepCheckpoints(
            checkpoint_seconds, self._before, self._log_steps, self.watch
        )
        self._diverging = EndWhereItDiverges()
        self._trying = None
        if measure is not None:
            every = steps_between(training.evaluation, per_epoch)
            self._trying = EvaluateNowAndThen(training.evaluation, every, measure, workspace, say)
        if self._checkpoint is not None:
            say(f"Resuming after step {self._checkpoint.step}.")

    @property
    def began(self) -> int:
        """How many steps an earlier process made."""
        return self._checkpoint.step if self._checkpoint else 0

    @property
    def callbacks(self) -> list[TrainerCallback]:
        """What the trainer calls."""
        trying = [self._trying] if self._trying is not None else []
        return [self._diverging, self._keeper, TellProgress(self._say), *trying]

    def settings(self) -> dict[str, Any]:
        """What the trainer is told of the recipe, as keywords of its arguments."""
        training = self._training
        schedule = training.schedule
        return {
            "output_dir": str(self._workspace.folder),
            "per_device_train_batch_size": training.batch_size,
            "gradient_accumulation_steps": training.accumulation,
            "max_steps": self._steps,
            "learning_rate": training.learning_rate,
            "lr_scheduler_type": "constant_with_warmup" if schedule == "constant" else schedule,
            "warmup_steps": training.warmup_steps(self._steps),
            "weight_decay": training.weight_decay,
            "max_grad_norm": training.clip,
            "optim": _OPTIMIZERS.get(training.optimizer, training.optimizer),
            "bf16": training.dtype == "bfloat16",
            "fp16": training.dtype == "float16",
            "gradient_checkpointing": training.gradient_checkpointing,
            "gradient_checkpointing_kwargs": {"use_reentrant": False},
            "seed": self._seed,
            "eval_on_start": self._measure is not None and self._checkpoint is None,
            "logging_steps": self._log_steps,
            "logging_nan_inf_filter": False,  # a diverged training is to be seen
            "save_strategy": "no",  # KeepCheckpoints says when, and how many are kept
            "report_to": _reports(training),
            "disable_tqdm": True,
            "remove_unused_columns": False,
            "dataloader_pin_memory": torch.cuda.is_available(),
            "use_cpu": not torch.cuda.is_available(),
        }

    def run(self, trainer: Any, model: Any) -> Ended:
        """Train ``model`` in place, to the weights that are to be kept.

        Where the loss became NaN that is the best, else the latest checkpoint's. Raises
        :class:`InputError` where there is neither.
        """
        checkpoint = self._checkpoint
        trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
        last = int(trainer.state.global_step)
        # Between logged steps it may have shown nowhere else.
        diverged = self._diverging.step or (None if finite(model) else last)
        evaluations = evaluated(trainer.state.log_history)
        best = best_of(evaluations, self._measure.direction) if self._measure else None
        kept = last
        if best is not None and self._training.evaluation.keep_best:
            kept = best.step
            if kept != last:
                self._say(f"Using the best weights, of step {kept}.")
                self._workspace.bring_back(kept, model)
        elif diverged is not None:
            kept = self._last_before(diverged, trainer)
        seconds = self._keeper.seconds
        return Ended(
            steps=last,
            began=self.began,
            seconds=seconds,
            own_seconds=max(seconds - self._before, 1e-9),
            evaluations=tuple(evaluations),
            kept_step=kept,
            stopped_early=bool(self._trying and self._trying.stopped),
            diverged=diverged,
        )

    def _last_before(self, diverged: int, trainer: Any) -> int:
        """Give the model its latest checkpoint's weights; the step that they are of."""
        checkpoint = self._workspace.latest()
        if checkpoint is None:
            raise InputError(
                f"The loss became NaN at step {diverged} of {self._steps}, before any weights were "
                f"saved: {CURE}."
            )
        self._say(f"Using the weights of the latest checkpoint, step {checkpoint.step}.")
        trainer._load_from_checkpoint(str(checkpoint.folder))  # there is no public way
        return checkpoint.step


def steps_of(training: Training, per_epoch: int) -> int:
    """How many optimizer steps the training takes, where an epoch has ``per_epoch``.

    Raises :class:`InputError` where warming up takes all of them.
    """
    steps = training.max_steps or max(1, round(per_epoch * training.epochs))
    if training.warmup_steps(steps) >= steps:
        raise InputError(
            f"training.warmup={training.warmup:g}: warming up takes all of the {steps} steps that "
            "these rows make, so the learning rate is never reached. Lower it, give a share of the "
            "steps (such as 0.1), or train for longer (training.epochs)."
        )
    return steps


def on_one_device(arguments: TrainingArguments) -> TrainingArguments:
    """``arguments`` for one GPU, however many are visible.

    By itself the Trainer spreads each batch over all of them, which changes what a step learns
    from; CUDA_VISIBLE_DEVICES says which one it is.
    """
    if arguments.n_gpu > 1:
        arguments._n_gpu = 1  # there is no public way
    return arguments


def _reports(training: Training) -> list[str]:
    absent = [name for name in training.report_to if find_spec(name) is None]
    if absent:
        raise InputError(
            f"training.report_to: {', '.join(absent)} is not installed: "
            f"pip install {' '.join(absent)}"
        )
    return list(training.report_to) or ["none"]
