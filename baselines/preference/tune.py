"""Direct preference optimization: a recipe and pairs in, a LoRA adapter out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from baselines.preference.pair_loop import fit_pairs
from baselines.preference.pairs import Pair, hold_out_pairs
from baselines.preference.report import Change, PreferenceReport, write_course
from baselines.preference.samples import PairSet, make_samples
from baselines.preference.start import tunable
from baselines.training.base import load
from baselines.training.frame import (
    CHECKPOINT_SECONDS,
    Say,
    base_for,
    begun_on,
    make_once,
    refuse_patience,
    unread,
)
from baselines.training.held_out import LOSS, drawn
from baselines.training.lora import save_adapter
from baselines.training.resources import within_resources
from baselines.training.workspace import Workspace
from submission.adapters.adapter import check_base, read_adapter
from submission.adapters.attach import Part, fitting
from submission.adapters.load import is_seq2seq
from submission.errors import InputError, sentence
from submission.files.digest import digest, folder_digest, sha256_file
from submission.files.model_files import ModelFiles, locate_model
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Model, Preference, Recipe, Training

COURSE = "tuning.csv"
"""The table of what was logged, in the adapter's folder."""


@within_resources
def tune(
    recipe: Recipe,
    pairs: Sequence[Pair],
    out: Path,
    *,
    held_out: Sequence[Pair] = (),
    base: ModelFiles | None = None,
    data_sha256: str = "",
    seed: int | None = None,
    resume: bool = False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
    say: Say = lambda _: None,
) -> PreferenceReport:
    """Tune an adapter over ``base`` (the recipe's model) on ``pairs`` and write it to ``out``.

    It begins with the recipe's ``model.adapter``, which is then also the reference, or with a new
    one, and the model itself is the reference. Prompts are rendered as generation renders them.
    ``held_out`` pairs are not learned; they are tried as ``training.evaluation`` says, which also
    holds out a share of ``pairs`` where there are none, and the weights kept with which their loss
    was least. Checkpoints are kept in the folder ``<out>.training``; with ``resume``, what they
    hold is not computed again, and a tuning that had already ended is only reported.

    Raises:
        InputError: the recipe has no ``[preference]``, no pair fits, the adapter does not fit the
            model or changes its output layer, held-out pairs are asked for and there are none,
            ``out`` is in the way, an unfinished training is, or the loss became NaN.
        Stopped: memory or disk space does not suffice; checkpoints are kept.
    """
    table, training, preference = _tables(recipe)
    _refuse_unread(training)
    base = base_for(recipe, table, out, base, resume=resume)
    seed = training.seed if seed is None else seed
    base_sha256 = folder_digest(base.folder, sha256_file)
    start = locate_model(table.adapter) if table.adapter is not None else None
    start_sha256 = folder_digest(start.folder, sha256_file) if start else None
    begun = None if start is None else _begun(start, base, base_sha256, table, say)
    pairs, held_out = _divided(pairs, held_out, training, seed, say)
    loaded = load(base, table, training, say)
    if loaded.seq2seq:
        raise InputError(f"{base.folder} is an encoder-decoder; only causal models can be tuned.")
    encoder = PromptEncoder(
        loaded.tokenizer,
        recipe.prompt,
        ends=loaded.ends,
        today=begun_on(PreferenceReport, out, resume=resume),
        say=say,
    )
    recipe = recipe.dated(encoder.date)
    limit = min(training.max_length, loaded.context or training.max_length)
    say(f"Tokenizing {len(pairs):,} pairs.")
    known = loaded.embeddings
    samples = make_samples(pairs, encoder, limit, embeddings=known)
    unseen = (
        make_samples(held_out, encoder, limit, what="held-out pairs", embeddings=known)
        if held_out
        else None
    )
    samples.tell(say)
    if unseen is not None:
        unseen.tell(say, what="held-out pairs")
    _tell_unread(training, begun, say)
    fingerprint = digest(
        [
            training.model_dump_json(exclude=_unread(training, start, unseen)),
            preference.model_dump_json(),
            samples.digest,
            unseen.digest if unseen is not None else "",
            base_sha256,
            start_sha256 or "",
            str(seed),
        ]
    )

    def work(folder: Path, workspace: Workspace) -> PreferenceReport:
        tuned = tunable(loaded.model, training.lora, begun)
        done = fit_pairs(
            tuned, loaded.tokenizer, samples, unseen, training, preference, seed, workspace,
            checkpoint_seconds, say, start=start is not None,
        )  # fmt: skip
        ended, points = done.ended, done.points
        report = PreferenceReport(
            recipe=recipe.model_dump(mode="json"),
            base=base.name,
            base_sha256=base_sha256,
            base_quantization=loaded.quantized,
            start=start.name if start else None,
            start_sha256=start_sha256,
            data_sha256=data_sha256,
            seed=seed,
            pairs=len(samples.samples),
            too_long=samples.too_long,
            steps=ended.steps,
            resumed_at=ended.began,
            stopped_early=ended.stopped_early,
            diverged_at=ended.diverged,
            kept_step=ended.kept_step,
            micro_batch=done.micro_batch,
            loss=Change.of([point.loss for point in points]),
            margin=Change.of([point.margin for point in points]),
            accuracy=Change.of([point.accuracy for point in points]),
            held_out=done.held_out,
            seconds=round(ended.seconds, 2),
            fingerprint=fingerprint,
        )
        save_adapter(tuned, folder, base.name)
        loaded.tokenizer.save_pretrained(folder)
        write_course(folder / COURSE, points, ended.evaluations)
        return report

    return make_once(
        PreferenceReport,
        out,
        fingerprint,
        work,
        resume=resume,
        seed=seed,
        day=encoder.date,
        say=say,
    )


def _begun(start: ModelFiles, base: ModelFiles, base_sha256: str, table: Model, say: Say) -> Part:
    """The adapter that tuning begins with, after a look at whether it belongs over the base."""
    adapter = read_adapter(start.folder, at_run_time=True)
    if adapter.beyond_lora is not None:
        raise InputError(
            f"{start.folder}: adapters with {adapter.beyond_lora} cannot be tuned further."
        )
    other = check_base(adapter, base, base_sha256, other_base=table.other_base)
    if other is not None:
        say(sentence(f"Warning: {other}"))
    seq2seq = is_seq2seq(base.folder, table.kind)
    return fitting(base.folder, adapter, trust_remote_code=table.trust_remote_code, seq2seq=seq2seq)


def _divided(
    pairs: Sequence[Pair],
    held_out: Sequence[Pair],
    training: Training,
    seed: int,
    say: Say,
) -> tuple[Sequence[Pair], Sequence[Pair]]:
    """What is learned and what is held out, as many of each as the recipe says."""
    evaluation = training.evaluation
    if not held_out and evaluation.share:
        every = len(pairs)
        pairs, held_out = hold_out_pairs(pairs, evaluation.share, seed)
        say(f"{len(held_out)} of {every} pairs are held out.")
    refuse_patience(training, held_out=bool(held_out), what="pairs")
    learned = [pairs[place] for place in drawn(len(pairs), training.rows, f"rows/{seed}")]
    tried = drawn(len(held_out), evaluation.rows, f"tried/{seed}")
    return learned, [held_out[place] for place in tried]


def _refuse_unread(training: Training) -> None:
    metric = training.evaluation.metric
    if metric not in {None, LOSS}:
        raise InputError(
            f"training.evaluation.metric={metric}: held-out pairs are evaluated by their loss; "
            "remove it, or set it to loss."
        )


def _tell_unread(training: Training, begun: Part | None, say: Say) -> None:
    if begun is not None:
        shape = begun.adapter
        lora = training.lora
        if (shape.rank, shape.alpha) != (lora.rank, lora.alpha):
            say(
                f"{shape.folder} keeps its shape (rank {shape.rank}, alpha {shape.alpha:g}): "
                "training.lora applies only to a new adapter."
            )
    elif training.lora.dropout:
        say(
            "training.lora.dropout is set to 0 for preference tuning, because the reference has "
            "no dropout."
        )


def _unread(training: Training, start: ModelFiles | None, unseen: PairSet | None) -> dict[str, Any]:
    """What the result does not depend on, in pydantic's way."""
    found: dict[str, Any] = dict.fromkeys(["seed", "report_to", *unread(training)], True)
    found["lora"] = True if start is not None else {"dropout"}
    if unseen is None:
        found["evaluation"] = True
    return found


def _tables(recipe: Recipe) -> tuple[Model, Training, Preference]:
    model, training, preference = recipe.model, recipe.training, recipe.preference
    if model is None or training is None or preference is None:
        raise InputError(
            f"Recipe '{recipe.name}' cannot be tuned on preferences: it has no "
            f"[{'model' if model is None else 'training' if training is None else 'preference'}]. "
            "Add the table, or set one of its values, such as --set preference.beta=0.1."
        )
    return model, training, preference
