"""The training loop: transformers' Trainer, told to do what the recipe says and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import torch
from transformers import TrainingArguments

from baselines.training.batches import (
    Collate,
    Pack,
    collate_packed,
    collate_padded,
    collate_seq2seq,
    pack,
)
from baselines.training.checkpoints import KeepCheckpoints, Stopwatch, Workspace
from baselines.training.divergence import EndWhereItDiverges, finite
from baselines.training.evaluations import (
    SCORE,
    Evaluated,
    EvaluateNowAndThen,
    best_of,
    evaluated,
    steps_between,
)
from baselines.training.judge import Judge
from baselines.training.order import EpochOrder
from baselines.training.progress import TellProgress
from baselines.training.report import CURE
from baselines.training.samples import SampleSet
from baselines.training.trainer import Packs, SftTrainer
from submission.engines.memory import out_of_memory
from submission.errors import InputError, Stopped
from submission.recipes.schema import Training

# Enough points for a curve; more would make every checkpoint of a long training heavier.
MOST_LOGGED = 2000
_OPTIMIZERS = {"adamw": "adamw_torch", "adamw_8bit": "adamw_bnb_8bit"}


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
    """A finished loop.

    ``seconds`` are of training alone, over all processes that took part; ``tokens`` and
    ``pace`` (tokens per second) are of this process. ``diverged`` is the step at which the loss
    was no longer a number, None where it always was; the weights are then those of ``best``.
    """

    points: tuple[Point, ...]
    evaluations: tuple[Evaluated, ...]
    best: Evaluated | None
    steps: int
    began: int
    sequences: int
    seconds: float
    tokens: int
    pace: float
    micro_batch: int
    stopped_early: bool
    diverged: int | None


def fit(
    model: Any,
    samples: SampleSet,
    training: Training,
    seed: int,
    workspace: Workspace,
    checkpoint_seconds: float,
    say: Callable[[str], None],
    *,
    start: int | None = None,
    judge: Judge | None = None,
) -> Fit:
    """Train ``model`` in place, from the workspace's latest checkpoint where it has one.

    ``start`` is the id that an encoder-decoder's decoder begins with, None for a causal model.
    With a ``judge``, the model ends with the weights that it found best, if the recipe keeps
    those.

    Raises:
        InputError: warming up would take the whole training, what ``report_to`` names is not
            installed, or the loss became NaN and no better weights were kept.
        Stopped: memory does not suffice for a single sequence; checkpoints are kept.
    """
    packs = _packs(samples, training)
    per_epoch = -(-len(packs) // (training.batch_size * training.accumulation))
    steps = steps_of(training, per_epoch)
    log_steps = max(1, steps // MOST_LOGGED)
    checkpoint = workspace.latest()
    if checkpoint is not None:
        say(f"resuming after step {checkpoint.step}")
    watch = Stopwatch()
    before = checkpoint.seconds if checkpoint else 0.0
    keeper = KeepCheckpoints(checkpoint_seconds, before, log_steps, watch)
    diverging = EndWhereItDiverges()
    asking = None
    if judge is not None:
        every = steps_between(training.evaluation, per_epoch)
        asking = EvaluateNowAndThen(training.evaluation, every, judge, workspace, say)
    trainer = SftTrainer(
        order=EpochOrder([sum(map(len, each)) for each in packs], training.batch_size, seed),
        evaluate=None if judge is None else _timed(judge, watch),
        say=say,
        model=model,
        args=on_one_device(
            TrainingArguments(
                **trainer_settings(workspace, training, seed, steps, log_steps),
                eval_on_start=judge is not None and checkpoint is None,
            )
        ),
        train_dataset=Packs(packs),
        data_collator=collate_for(training, start),
        callbacks=[diverging, keeper, TellProgress(say), *([asking] if asking else [])],
    )  # fmt: skip
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint.folder) if checkpoint else None)
    except (MemoryError, RuntimeError) as error:
        if not out_of_memory(error):
            raise
        raise Stopped(
            "Out of memory outside the batches, where the optimizer's state is. Checkpoints are "
            "kept. Use training.optimizer=adamw_8bit, a smaller training.lora.rank or another "
            "training.method."
        ) from error
    evaluations = evaluated(trainer.state.log_history)
    best = best_of(evaluations, judge.direction) if judge else None
    last = trainer.state.global_step
    # Between logged steps it may have shown nowhere else.
    if diverging.step is None and not finite(model):
        diverging.step = last
    keeps = best is not None and training.evaluation.keep_best
    if diverging.step is not None and not keeps:
        workspace.clear()  # going on from a checkpoint would end at the same step
        raise InputError(
            f"The loss became NaN at step {diverging.step} of {steps}, and nothing was kept: "
            f"{CURE}. Held-out rows (--eval) would keep the best weights from before."
        )
    if best is not None and keeps and best.step != last:
        say(f"taking the weights of step {best.step}, the best")
        workspace.bring_back(best.step, model)
    seconds = keeper.seconds
    return Fit(
        points=_points(trainer.state.log_history),
        evaluations=tuple(evaluations),
        best=best,
        steps=last,
        began=checkpoint.step if checkpoint else 0,
        sequences=len(packs),
        seconds=seconds,
        tokens=trainer.tokens,
        pace=trainer.tokens / max(seconds - before, 1e-9),
        micro_batch=trainer.micro_batch or training.batch_size,
        stopped_early=bool(asking and asking.stopped),
        diverged=diverging.step,
    )


def steps_of(training: Training, per_epoch: int) -> int:
    """How many optimizer steps the training takes, where an epoch has ``per_epoch``.

    Raises :class:`InputError` where warming up takes all of them.
    """
    steps = training.max_steps or max(1, round(per_epoch * training.epochs))
    if training.warmup_steps(steps) >= steps:
        raise InputError(
            f"training.warmup={training.warmup:g}: warming up takes all of the {steps} steps that "
            "these rows make, so the learning rate is never reached. Lower it to 0 or to a part of "
            "them, or train for longer (training.epochs)."
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


def _packs(samples: SampleSet, training: Training) -> list[Pack]:
    if training.packing:
        return pack(samples.samples, samples.limits.total or training.max_length)
    return [(sample,) for sample in samples.samples]


def collate_for(training: Training, start: int | None) -> Collate:
    """How batches are made; ``start`` is where an encoder-decoder's decoder begins."""
    if start is not None:
        return collate_seq2seq(start)
    return collate_packed if training.packing else collate_padded


def _timed(judge: Judge, watch: Stopwatch) -> Callable[[Any], dict[str, float]]:
    def evaluate(model: Any) -> dict[str, float]:
        with watch:
            return {SCORE: judge(model)}

    return evaluate


def _points(history: list[dict[str, Any]]) -> tuple[Point, ...]:
    return tuple(
        Point(each["step"], each["epoch"], each["loss"], each["learning_rate"], each["grad_norm"])
        for each in history
        if "loss" in each
    )


def _reports(training: Training) -> list[str]:
    absent = [name for name in training.report_to if find_spec(name) is None]
    if absent:
        raise InputError(
            f"training.report_to: {', '.join(absent)} is not installed: "
            f"pip install {' '.join(absent)}"
        )
    return list(training.report_to) or ["none"]


def trainer_settings(
    workspace: Workspace, training: Training, seed: int, steps: int, log_steps: int
) -> dict[str, Any]:
    """What a Trainer of any kind is told of the recipe, as keywords of its arguments.

    Raises :class:`InputError` where what ``report_to`` names is not installed.
    """
    schedule = training.schedule
    return {
        "output_dir": str(workspace.folder),
        "per_device_train_batch_size": training.batch_size,
        "gradient_accumulation_steps": training.accumulation,
        "max_steps": steps,
        "learning_rate": training.learning_rate,
        "lr_scheduler_type": "constant_with_warmup" if schedule == "constant" else schedule,
        "warmup_steps": training.warmup,
        "weight_decay": training.weight_decay,
        "max_grad_norm": training.clip,
        "optim": _OPTIMIZERS.get(training.optimizer, training.optimizer),
        "bf16": training.dtype == "bfloat16",
        "fp16": training.dtype == "float16",
        "gradient_checkpointing": training.gradient_checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "seed": seed,
        "logging_steps": log_steps,
        "logging_nan_inf_filter": False,  # a diverged training is to be seen
        "save_strategy": "no",  # KeepCheckpoints says when
        "save_total_limit": 2,
        "report_to": _reports(training),
        "disable_tqdm": True,
        "remove_unused_columns": False,
        "dataloader_pin_memory": torch.cuda.is_available(),
        "use_cpu": not torch.cuda.is_available(),
    }
