"""Supervised fine-tuning: a recipe and training rows in, a LoRA adapter out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import set_seed

from baselines.training.checkpoints import open_workspace
from baselines.training.loop import fit
from baselines.training.lora import add_adapter, ensure_end, save_adapter
from baselines.training.report import TrainingReport, loss_ends
from baselines.training.samples import SampleSet, make_samples
from submission.adapters.load import (
    context_length,
    load_base,
    load_tokenizer,
    quantization,
    share,
)
from submission.atomic import atomic_folder
from submission.errors import InputError
from submission.models import ModelFiles, digest, folder_digest, locate_model, sha256_file
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Model, Recipe, Training
from submission.records import TrainingRow

CHECKPOINT_SECONDS = 300.0


def train(
    recipe: Recipe,
    rows: Sequence[TrainingRow],
    out: Path,
    *,
    base: ModelFiles | None = None,
    data_sha256: str = "",
    seed: int | None = None,
    resume: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    say: Callable[[str], None] = lambda _: None,
) -> TrainingReport:
    """Train an adapter over ``base`` (the recipe's model) and write it to ``out``, with a report.

    Prompts are rendered as generation renders them, and only the response is learned. While it
    runs, checkpoints are kept in the folder ``<out>.training``; with ``resume``, what they hold is
    not computed again, and a training that had already ended is only reported.

    Raises:
        InputError: the recipe has no ``[training]``, no sample fits, a target is no layer of the
            model, ``out`` is in the way, or an unfinished training is.
    """
    model_table, training = _tables(recipe)
    base = base or locate_model(model_table.name, recipe.engine.revision)
    seed = training.seed if seed is None else seed
    model, tokenizer = _load(base, model_table, training)
    limit = min(training.max_length, context_length(model.config) or training.max_length)
    samples = make_samples(rows, PromptEncoder(tokenizer, recipe.prompt), limit)
    _tell(samples, say)
    base_sha256 = folder_digest(base.folder, sha256_file)
    fingerprint = _fingerprint(training, samples, base_sha256, seed)
    finished = TrainingReport.read(out) if resume else None
    if finished is not None and finished.fingerprint == fingerprint:
        say(f"{out}: this training has already ended")
        return finished
    with (
        atomic_folder(out) as folder,
        open_workspace(out, fingerprint, resume=resume) as workspace,
    ):
        # Before the adapter's first weights, which are random.
        set_seed(seed)
        tuned = add_adapter(model, training.lora)
        done = fit(tuned, samples, training, seed, workspace, checkpoint_seconds, say)
        first, last = loss_ends(done.losses)
        save_adapter(tuned, folder, base.name)
        tokenizer.save_pretrained(folder)
        share(folder)
        report = TrainingReport(
            recipe=recipe.model_dump(mode="json"),
            base=base.name,
            base_sha256=base_sha256,
            base_quantization=quantization(base.folder),
            data_sha256=data_sha256,
            seed=seed,
            samples=len(samples.samples),
            too_long=samples.too_long,
            steps=done.steps,
            resumed_at=done.began,
            loss_first=first,
            loss_last=last,
            seconds=round(done.seconds, 2),
            fingerprint=fingerprint,
        )
        report.write(folder)
    workspace.clear()
    return report


def _tables(recipe: Recipe) -> tuple[Model, Training]:
    model, training = recipe.model, recipe.training
    if training is None or model is None:
        raise InputError(
            f"Recipe '{recipe.name}' is not trained: it has no "
            f"[{'model' if model is None else 'training'}]."
        )
    if model.kind == "seq2seq":
        raise InputError(f"Recipe '{recipe.name}': only causal models are trained, not seq2seq.")
    if model.adapter is not None:
        raise InputError(
            f"Recipe '{recipe.name}' has an adapter already (model.adapter). "
            "Merge it first, and train over the merged model."
        )
    if training.dtype == "float16" and not torch.cuda.is_available():
        raise InputError(
            "training.dtype=float16 needs a GPU. Use float32, or bfloat16 where the CPU is fast "
            "with it."
        )
    return model, training


def _load(base: ModelFiles, table: Model, training: Training) -> tuple[Any, Any]:
    trust = table.trust_remote_code
    # Mixed precision with float16 scales the loss, which needs float32 weights.
    dtype = torch.bfloat16 if training.dtype == "bfloat16" else torch.float32
    model = load_base(base.folder, dtype, trust_remote_code=trust)
    vocabulary = locate_model(table.tokenizer).folder if table.tokenizer else base.folder
    tokenizer = load_tokenizer(vocabulary, trust_remote_code=trust)
    ensure_end(tokenizer, model)
    return model, tokenizer


def _tell(samples: SampleSet, say: Callable[[str], None]) -> None:
    say(f"{len(samples.samples)} samples, at most {samples.limit} tokens each")
    if samples.too_long:
        say(
            f"warning: {samples.too_long} samples are longer (up to {samples.longest} tokens) and "
            "are left out, never cut; training.max_length sets the limit"
        )


def _fingerprint(training: Training, samples: SampleSet, base_sha256: str, seed: int) -> str:
    settings = training.model_dump(mode="json", exclude={"seed"})
    return digest([json.dumps(settings, sort_keys=True), samples.digest, base_sha256, str(seed)])
