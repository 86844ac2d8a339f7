"""Direct preference optimization: a recipe and pairs in, a LoRA adapter out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from transformers import set_seed

from baselines.preference.fit import Fitted, fit
from baselines.preference.pairs import Pair
from baselines.preference.report import Change, PreferenceReport, Separation, write_course
from baselines.preference.samples import PairSet, make_samples
from baselines.preference.start import tunable
from baselines.training.base import Base, load
from baselines.training.checkpoints import open_workspace
from baselines.training.lora import save_adapter
from baselines.training.sft import CHECKPOINT_SECONDS, keep_tracked
from submission.adapters.adapter import check_base, read_adapter
from submission.adapters.load import share
from submission.atomic import atomic_folder
from submission.errors import InputError
from submission.models import ModelFiles, digest, folder_digest, locate_model, sha256_file
from submission.prompts.encode import PromptEncoder
from submission.recipes.schema import Model, Preference, Recipe, Training

COURSE = "tuning.csv"
"""The table of what was logged, in the adapter's folder."""


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
    say: Callable[[str], None] = lambda _: None,
) -> PreferenceReport:
    """Tune an adapter over ``base`` (the recipe's model) on ``pairs`` and write it to ``out``.

    It begins with the recipe's ``model.adapter``, which is then also the reference, or with a new
    one, and the model itself is the reference. Prompts are rendered as generation renders them.
    ``held_out`` pairs are not learned; the report says how they are told apart. Checkpoints are
    kept in the folder ``<out>.training``; with ``resume``, what they hold is not computed again,
    and a tuning that had already ended is only reported.

    Raises:
        InputError: the recipe has no ``[preference]``, no pair fits, the adapter does not fit the
            model or changes its output layer, ``out`` is in the way, or an unfinished training
            is.
        Stopped: memory does not suffice; checkpoints are kept.
    """
    table, training, preference = _tables(recipe)
    base = base or locate_model(table.name, recipe.engine.revision)
    start = locate_model(table.adapter) if table.adapter is not None else None
    seed = training.seed if seed is None else seed
    loaded = load(base, table, training)
    if loaded.seq2seq:
        raise InputError(f"{base.folder} is an encoder-decoder; only causal models are tuned.")
    encoder = PromptEncoder(loaded.tokenizer, recipe.prompt)
    limit = min(training.max_length, loaded.context or training.max_length)
    samples = make_samples(pairs, encoder, limit)
    unseen = make_samples(held_out, encoder, limit) if held_out else None
    _tell(samples, say)
    base_sha256 = folder_digest(base.folder, sha256_file)
    start_sha256 = folder_digest(start.folder, sha256_file) if start else None
    if start is not None:
        adapter = read_adapter(start.folder)
        other = check_base(adapter, base, base_sha256, other_base=table.other_base)
        if other is not None:
            say(f"warning: {other}")
    fingerprint = _fingerprint(
        training, preference, [samples.digest, base_sha256, start_sha256 or "", str(seed)]
    )
    finished = PreferenceReport.read(out) if resume else None
    if finished is not None and finished.fingerprint == fingerprint:
        say(f"{out}: this tuning has already ended")
        return finished
    with (
        atomic_folder(out) as folder,
        open_workspace(out, fingerprint, resume=resume) as workspace,
    ):
        # Before the adapter's first weights, which are random.
        set_seed(seed)
        tuned = tunable(loaded.model, training.lora, start)
        done = fit(
            tuned, loaded.tokenizer, samples, training, preference, seed, workspace,
            checkpoint_seconds, say, start=start is not None,
        )  # fmt: skip
        report = _report(
            recipe, base, loaded, start, samples, unseen, done,
            base_sha256=base_sha256, start_sha256=start_sha256, data_sha256=data_sha256,
            seed=seed, fingerprint=fingerprint,
        )  # fmt: skip
        done.drop_reference()
        save_adapter(tuned, folder, base.name)
        loaded.tokenizer.save_pretrained(folder)
        write_course(folder / COURSE, done.points)
        share(folder)
        keep_tracked(workspace, folder)
        report.write(folder)
    workspace.clear()
    return report


def _tables(recipe: Recipe) -> tuple[Model, Training, Preference]:
    model, training, preference = recipe.model, recipe.training, recipe.preference
    if model is None or training is None or preference is None:
        raise InputError(
            f"Recipe '{recipe.name}' is not tuned on preferences: it has no "
            f"[{'model' if model is None else 'training' if training is None else 'preference'}]. "
            "Add the table, or a value of it, such as --set preference.beta=0.1."
        )
    return model, training, preference


def _tell(samples: PairSet, say: Callable[[str], None]) -> None:
    say(f"{len(samples.samples)} pairs, at most {samples.limit} tokens each")
    if samples.too_long:
        say(
            f"warning: {samples.too_long} pairs are longer (up to {samples.longest} tokens) and "
            "are left out, never cut; training.max_length sets the limit"
        )


def _report(
    recipe: Recipe,
    base: ModelFiles,
    loaded: Base,
    start: ModelFiles | None,
    samples: PairSet,
    unseen: PairSet | None,
    done: Fitted,
    **known: Any,
) -> PreferenceReport:
    _, training, preference = _tables(recipe)
    points = done.points
    held_out = None
    if unseen is not None:
        held_out = Separation.of(
            done.trainer.log_probs(unseen.samples, training.batch_size),
            beta=preference.beta,
            label_smoothing=preference.label_smoothing,
            too_long=unseen.too_long,
        )
    return PreferenceReport(
        recipe=recipe.model_dump(mode="json"),
        base=base.name,
        base_quantization=loaded.quantized,
        start=start.name if start else None,
        pairs=len(samples.samples),
        too_long=samples.too_long,
        steps=done.steps,
        resumed_at=done.began,
        loss=Change.of([point.loss for point in points]),
        margin=Change.of([point.margin for point in points]),
        accuracy=Change.of([point.accuracy for point in points]),
        held_out=held_out,
        seconds=round(done.seconds, 2),
        **known,
    )


def _fingerprint(training: Training, preference: Preference, others: Sequence[str]) -> str:
    settings = training.model_dump(mode="json", exclude={"seed", "evaluation", "report_to"})
    tables = [settings, preference.model_dump(mode="json")]
    return digest([*(json.dumps(table, sort_keys=True) for table in tables), *others])
