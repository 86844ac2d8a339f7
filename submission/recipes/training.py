"""The ``[training]`` table of a recipe."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Literal

from pydantic import Field, field_validator

from submission.errors import few
from submission.recipes.base import Conflict, NonEmpty, Table

LARGEST_SEED = 2**32 - 1
"""What numpy's generator takes at most, which training seeds beside the others."""

Precision = Literal["float32", "bfloat16", "float16"]


class Lora(Table):
    """The adapter's shape; its weight is ``alpha / rank``.

    ``targets`` are the names of layers; ``all-linear`` is every linear layer but the output
    layer, which is named besides (``lm_head``) where it is to be adapted too.
    """

    rank: int = Field(default=16, gt=0)
    alpha: float = Field(default=32.0, gt=0, allow_inf_nan=False)
    dropout: float = Field(default=0.0, ge=0.0, lt=1.0)
    targets: list[NonEmpty] = Field(default=["all-linear"], min_length=1)

    def conflicts(self) -> Iterator[Conflict]:
        """Targets that are named twice."""
        twice = sorted({name for name in self.targets if self.targets.count(name) > 1})
        if twice:
            yield Conflict("targets", f"named more than once: {few(twice)}")


class Quantization(Table):
    """How the frozen base is held in 4 bits while an adapter is trained over it (QLoRA).

    ``double`` quantizes the scales too. Layers compute in ``compute_dtype``.
    """

    type: Literal["nf4", "fp4"] = "nf4"
    double: bool = True
    compute_dtype: Precision = "bfloat16"


class Evaluation(Table):
    """When the tuned model is tried on held-out rows, and what follows from it.

    ``metric`` is a metric's spec, ``loss`` the mean loss of the held-out answers, and absent the
    competition's own score. ``every_steps``, where it is set, takes the place of
    ``every_epochs``. ``share`` of the training rows is held out where no file of held-out rows
    is given; ``rows`` bounds how many are answered. Training ends when ``patience`` evaluations
    in a row brought no improvement. ``keep_best`` keeps the weights that scored best, and
    otherwise the last are kept.
    """

    metric: NonEmpty | None = None
    every_epochs: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    every_steps: int | None = Field(default=None, gt=0)
    share: float = Field(default=0.0, ge=0.0, lt=1.0)
    rows: int | None = Field(default=None, gt=0)
    patience: int | None = Field(default=None, gt=0)
    keep_best: bool = True


class Training(Table):
    """Supervised fine-tuning, loss on the response only unless said otherwise.

    ``method``: an adapter (``lora``), an adapter over a 4-bit base (``qlora``), or every weight
    (``full``); the tables ``lora`` and ``quantization`` are read by the methods that they are
    of. ``rows`` bounds how many of the training file's rows are used, drawn with the seed.
    Lengths are in tokens: ``max_length`` is prompt and response of a causal model,
    ``source_length`` and ``target_length`` those of an encoder-decoder. ``batch_size`` times
    ``accumulation`` samples make one step. ``max_steps``, where it is set, takes the place of
    ``epochs``. ``warmup`` is a share of all steps below 1, and a number of steps from there.
    """

    method: Literal["lora", "qlora", "full"] = "lora"
    lora: Lora = Lora()
    quantization: Quantization = Quantization()
    evaluation: Evaluation = Evaluation()

    rows: int | None = Field(default=None, gt=0)
    epochs: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    max_steps: int | None = Field(default=None, gt=0)
    batch_size: int = Field(default=8, gt=0, le=2**20)
    accumulation: int = Field(default=1, gt=0, le=2**20)

    optimizer: Literal[
        "adamw", "adamw_8bit", "paged_adamw_8bit", "paged_adamw_32bit", "adafactor"
    ] = "adamw"
    learning_rate: float = Field(default=2e-4, gt=0, lt=1)
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    warmup: float = Field(default=0.0, ge=0)
    weight_decay: float = Field(default=0.0, ge=0, lt=1)
    clip: float = Field(default=1.0, ge=0, allow_inf_nan=False)

    max_length: int = Field(default=1024, gt=0)
    source_length: int | None = Field(default=None, gt=0)
    target_length: int | None = Field(default=None, gt=0)
    packing: bool = False
    loss_on: Literal["response", "all"] = "response"
    end_token: NonEmpty | None = None

    dtype: Precision = "float32"
    gradient_checkpointing: bool = False
    report_to: list[Literal["tensorboard", "wandb"]] = Field(default=[])
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED)

    @field_validator("warmup")
    @classmethod
    def _whole_steps(cls, warmup: float) -> float:
        if warmup >= 1 and not warmup.is_integer():
            raise ValueError("from 1 on it is a number of steps, which must be whole")
        return warmup

    @property
    def seq2seq_lengths(self) -> bool:
        """Whether a length is set that only an encoder-decoder has."""
        return self.source_length is not None or self.target_length is not None

    def warmup_steps(self, steps: int) -> int:
        """How many of ``steps`` optimizer steps warm up; a share is rounded up, and never all."""
        if self.warmup >= 1:
            return int(self.warmup)
        return min(math.ceil(self.warmup * steps), steps - 1)

    def conflicts(self) -> Iterator[Conflict]:
        """What cannot be whatever the model is."""
        if self.max_steps is not None and self.max_steps <= self.warmup_steps(self.max_steps):
            yield Conflict(
                "warmup",
                f"warming up takes all of max_steps ({self.max_steps}), so the learning rate is "
                "never reached",
            )
        if self.seq2seq_lengths:
            key = "source_length" if self.source_length is not None else "target_length"
            if self.packing:
                yield Conflict(
                    "packing",
                    f"{key} is only for encoder-decoders, and only causal models can be packed",
                )
            if self.loss_on == "all":
                yield Conflict(
                    "loss_on",
                    f"{key} is only for encoder-decoders, which have no loss on the prompt",
                )
        if len(set(self.report_to)) < len(self.report_to):
            yield Conflict("report_to", "named more than once")
        evaluation = self.evaluation
        if (
            self.max_steps is not None
            and evaluation.every_steps is not None
            and evaluation.every_steps > self.max_steps
        ):
            yield Conflict(
                "evaluation.every_steps",
                f"is never reached: training ends after max_steps ({self.max_steps})",
            )
