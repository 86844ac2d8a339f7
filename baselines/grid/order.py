"""The order that trials run in: those that need the same model one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.grid.cells import Trial
from submission.recipes import Recipe


def by_model(trials: Sequence[Trial]) -> list[Trial]:
    """The trials grouped by what they load, otherwise in their order."""
    groups: dict[str, list[Trial]] = {}
    for trial in trials:
        groups.setdefault(needs(trial.recipe), []).append(trial)
    return [trial for group in groups.values() for trial in group]


def needs(recipe: Recipe) -> str:
    """What the recipe's engine loads, as text: its model and engine settings."""
    model = recipe.model.model_dump_json() if recipe.model is not None else ""
    return f"{model} {recipe.engine.model_dump_json()}"
