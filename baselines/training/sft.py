"""Supervised fine-tuning: a recipe and training rows in, an adapter or a model out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines.training.base import Base, load, make_trainable
from baselines.training.curve import write_curve
from baselines.training.frame import (
    CHECKPOINT_SECONDS,
    Say,
    base_for,
    begun_on,
    make_once,
    refuse_patience,
    unread,
)
from baselines.training.held_out import HeldOut, drawn
from baselines.training.held_out_score import HeldOutScore
from baselines.training.loop import Fit, collate_for, fit_samples
from baselines.training.lora import save_adapter
from baselines.training.report import TrainingReport, ends
from baselines.training.resources import within_resources
from baselines.training.samples import Limits, SampleSet, make_samples
from baselines.training.usage import count_parameters, peak_gpu_memory, peak_memory
from baselines.training.workspace import Workspace
from submission.adapters.load import save_model
from submission.errors import InputError
from submission.files.digest import digest, folder_digest, sha256_file
from submission.files.model_files import ModelFiles
from submission.prompts.encode import PromptEncoder, stop_tokens
from submission.recipes.schema import Model, Recipe, Training
from submission.records.rows import TrainingRow


@within_resources
def train(
    recipe: Recipe,
    rows: Sequence[TrainingRow],
    out: Path,
    *,
    base: ModelFiles | None = None,
    held_out: HeldOut | None = None,
    data_sha256: str = "",
    seed: int | None = None,
    resume: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    say: Say = lambda _: None,
) -> TrainingReport:
    """Train over ``base`` (the recipe's model) and write adapter or model to ``out``.

    Prompts are rendered as generation renders them. ``held_out`` rows are answered while training
    goes on, and the best weights kept, as ``training.evaluation`` says. Beside the weights stand
    the report, the course of the loss (``loss.csv``, ``loss.svg``) and the tokenizer.

    While it runs, checkpoints are kept in the folder ``<out>.training``; with ``resume``, what
    they hold is not computed again, and a training that had already ended is only reported.

    Raises:
        InputError: the recipe has no ``[training]``, no sample fits, a target is no layer of the
            model, ``out`` is in the way, an unfinished training is, or the held-out rows cannot
            be scored.
        Stopped: memory or disk space does not suffice; checkpoints are kept.
    """
    table, training = tables(recipe)
    refuse_patience(training, held_out=held_out is not None, what="rows")
    base = base_for(recipe, table, out, base, resume=resume)
    seed = training.seed if seed is None else seed
    rows = draw_rows(rows, training.rows, seed, say)
    loaded = load(base, table, training, say)
    encoder = PromptEncoder(
        loaded.tokenizer,
        recipe.prompt,
        seq2seq=loaded.seq2seq,
        ends=loaded.ends,
        today=begun_on(TrainingReport, out, resume=resume),
        say=say,
    )
    recipe = recipe.dated(encoder.date)
    say(f"Tokenizing {len(rows):,} rows.")
    samples = make_samples(
        rows, encoder, limits_for(loaded, training), training.loss_on, embeddings=loaded.embeddings
    )
    samples.tell(say)
    _tell_of_the_end(samples, loaded, recipe, say)
    start = decoder_start(loaded)
    measured = None
    if held_out is not None:
        say(f"Preparing {len(held_out.rows):,} held-out rows.")
        measured = HeldOutScore(
            held_out.some(training.evaluation.rows, seed),
            recipe,
            base,
            loaded.tokenizer,
            encoder,
            limits_for(loaded, training),
            collate_for(training, start),
            training.evaluation.metric,
            embeddings=loaded.embeddings,
        )
        measured.tell(loaded.context, say)
    base_sha256 = folder_digest(base.folder, sha256_file)
    fingerprint = _fingerprint(training, samples, base_sha256, seed, measured)

    def work(folder: Path, workspace: Workspace) -> TrainingReport:
        tuned = make_trainable(loaded, training)
        done = fit_samples(
            tuned, samples, training, seed, workspace, checkpoint_seconds, say,
            start=start, held_out=measured,
        )  # fmt: skip
        report = _report(
            recipe, training, base, loaded, tuned, samples, done, measured,
            base_sha256=base_sha256, data_sha256=data_sha256, seed=seed, fingerprint=fingerprint,
        )  # fmt: skip
        save(tuned, loaded, training, folder, base)
        name = measured.name if measured is not None else ""
        write_curve(folder, done.points, done.ended.evaluations, name)
        return report

    return make_once(
        TrainingReport, out, fingerprint, work, resume=resume, seed=seed, day=encoder.date, say=say
    )


def tables(recipe: Recipe) -> tuple[Model, Training]:
    """The recipe's model and training. Raises :class:`InputError` where it has not both."""
    model, training = recipe.model, recipe.training
    if training is None or model is None:
        raise InputError(
            f"Recipe '{recipe.name}' cannot be trained: it has no "
            f"[{'model' if model is None else 'training'}]."
        )
    if model.adapter is not None:
        raise InputError(
            f"Recipe '{recipe.name}' has an adapter already (model.adapter). "
            "Merge it first, and train the merged model."
        )
    return model, training


def draw_rows(
    rows: Sequence[TrainingRow], count: int | None, seed: int, say: Say = lambda _: None
) -> Sequence[TrainingRow]:
    """``count`` rows in the order of the file; those of a smaller count are among them."""
    if count is not None and count > len(rows):
        say(f"training.rows is {count}, but there are only {len(rows)} rows: all of them are used.")
    return [rows[place] for place in drawn(len(rows), count, f"rows/{seed}")]


def limits_for(base: Base, training: Training) -> Limits:
    """The longest samples that the recipe asks for and the model can read."""
    if base.seq2seq:
        return Limits(
            None,
            training.source_length or training.max_length,
            training.target_length or training.max_length,
        )
    return Limits(min(training.max_length, base.context or training.max_length))


def decoder_start(base: Base) -> int | None:
    """The id an encoder-decoder's decoder begins with; None for a causal model."""
    if not base.seq2seq:
        return None
    start = base.model.config.decoder_start_token_id
    if start is None:
        raise InputError(
            "The model's config.json has no decoder_start_token_id, so its decoder cannot begin."
        )
    return int(start)


def save(model: Any, base: Base, training: Training, folder: Path, files: ModelFiles) -> None:
    """Write what was trained, in the float32 that it was held in, and the tokenizer.

    At a small rate most of what a model learned is less than 16 bits tell apart.
    """
    if training.method == "full":
        model.config.use_cache = True
        save_model(model, base.tokenizer, files.folder, folder)
    else:
        save_adapter(model, folder, files.name)
        base.tokenizer.save_pretrained(folder)


def _tell_of_the_end(samples: SampleSet, base: Base, recipe: Recipe, say: Say) -> None:
    """Warn of a learned end of turn at which generation would not stop."""
    special = base.tokenizer.added_tokens_decoder
    last = next(
        (int(token) for token in reversed(samples.samples[0].response) if int(token) in special),
        None,
    )
    if last is None:
        say(
            "Warning: responses do not end in a special token, so generation does not know where "
            "to stop; check the chat template, or set training.end_token."
        )
        return
    if last not in {*base.ends, *stop_tokens(base.tokenizer, recipe.sampling.stop)[0]}:
        token = str(special[last])
        say(
            f"Warning: responses end in {token!r}, at which generation does not stop: add it to "
            "sampling.stop."
        )


def _fingerprint(
    training: Training,
    samples: SampleSet,
    base_sha256: str,
    seed: int,
    measured: HeldOutScore | None,
) -> str:
    ignored = {"seed", "report_to", *unread(training)}
    ignored |= {"evaluation"} if measured is None else set()
    settings = training.model_dump(mode="json", exclude=ignored)
    parts = [json.dumps(settings, sort_keys=True), samples.digest, base_sha256, str(seed)]
    if measured is not None:
        parts.append(measured.identity)
    return digest(parts)


def _report(
    recipe: Recipe,
    training: Training,
    files: ModelFiles,
    base: Base,
    tuned: Any,
    samples: SampleSet,
    done: Fit,
    measured: HeldOutScore | None,
    **known: Any,
) -> TrainingReport:
    first, last = ends([point.loss for point in done.points])
    total, trained = count_parameters(tuned)
    ended = done.ended
    scores = {each.step: each.score for each in ended.evaluations}
    return TrainingReport(
        recipe=recipe.model_dump(mode="json"),
        method=training.method,
        base=files.name,
        base_quantization=base.quantized,
        samples=len(samples.samples),
        too_long=samples.too_long,
        sequences=done.sequences,
        parameters=total,
        trained_parameters=trained,
        steps=ended.steps,
        resumed_at=ended.began,
        stopped_early=ended.stopped_early,
        diverged_at=ended.diverged,
        micro_batch=done.micro_batch,
        loss_first=first,
        loss_last=last,
        metric=measured.name if measured is not None else None,
        metric_signature=measured.signature if measured is not None else None,
        score_base=scores.get(0),
        score=scores.get(ended.kept_step),
        kept_step=ended.kept_step,
        seconds=round(ended.seconds, 2),
        tokens_per_second=round(done.pace, 1),
        peak_memory=peak_memory(),
        peak_gpu_memory=peak_gpu_memory(),
        **known,
    )
