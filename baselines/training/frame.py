"""What supervised and preference training have in common around the training itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TypeVar

from baselines.training.report import Report
from baselines.training.workspace import Workspace, making
from submission.errors import InputError
from submission.files.atomic import refuse_occupied
from submission.files.model_files import ModelFiles, locate_model
from submission.recipes.schema import Model, Recipe, Training

CHECKPOINT_SECONDS = 300.0
Say = Callable[[str], None]
Made = TypeVar("Made", bound=Report)


def base_for(
    recipe: Recipe, model: Model, out: Path, base: ModelFiles | None, *, resume: bool
) -> ModelFiles:
    """``base``, or the recipe's model.

    Raises :class:`InputError` where ``out`` is in the way, and for a recipe with examples.
    """
    if recipe.prompt.examples is not None:
        raise InputError(
            f"Recipe '{recipe.name}' shows examples before each question (prompt.examples), and "
            "training asks each row alone, so the model would learn another prompt. Train a recipe "
            "without them."
        )
    if not resume:
        refuse_occupied(out)
    return base or locate_model(model.name, recipe.engine.revision)


def begun_on(kind: type[Report], out: Path, *, resume: bool) -> date | None:
    """The day in the prompts of the training that ``resume`` goes on with; None where it has none.

    ``kind`` is the report's of one that had already ended.
    """
    if not resume:
        return None
    finished = kind.read(out)
    if finished is None:
        return Workspace.of(out).day()
    day = finished.recipe["prompt"].get("date")
    return date.fromisoformat(day) if day else None


def refuse_patience(training: Training, *, held_out: bool, what: str) -> None:
    """Raise :class:`InputError` where training is to stop by held-out figures without any."""
    if training.evaluation.patience is not None and not held_out:
        raise InputError(
            f"training.evaluation.patience needs held-out {what}: give --eval FILE, or set "
            "training.evaluation.share."
        )


def unread(training: Training) -> set[str]:
    """The tables of ``[training]`` that its method does not read."""
    return {
        "lora": {"quantization"},
        "qlora": set(),
        "full": {"lora", "quantization"},
    }[training.method]


def make_once(
    kind: type[Made],
    out: Path,
    fingerprint: str,
    work: Callable[[Path, Workspace], Made],
    *,
    resume: bool,
    seed: int,
    day: date | None,
    say: Say,
) -> Made:
    """What ``work`` makes in the folder that becomes ``out``, with its report.

    With ``resume``, a training of the same ``fingerprint`` that had ended is only reported, and
    an unfinished one goes on in its workspace, which keeps the ``day`` of its prompts. Raises what
    :func:`making` and ``work`` raise.
    """
    finished = kind.read(out) if resume else None
    if finished is not None and finished.fingerprint == fingerprint:
        say(f"{out}: this {kind.what} has already finished.")
        Workspace.of(out).clear()
        return finished
    with making(out, fingerprint, resume=resume, seed=seed, day=day) as (folder, workspace):
        report = work(folder, workspace)
        report.write(folder)
    return report
