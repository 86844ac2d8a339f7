"""From a study file to what is trained and asked, every mistake in it said at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from baselines.grid.axes import combine
from baselines.grid.cells import Cell, Grid, make_grid
from baselines.grid.overrides import beside, flat
from baselines.grid.schema import Files, VariedFile, placed, read_keys, refuse
from baselines.study.columns import TAKEN
from baselines.study.schema import StudyFile, Task
from baselines.training.frame import unread
from evaluators import MetricSpec
from submission.errors import InputError, few
from submission.recipes.schema import Model, Recipe, Training

BASE = "base"
"""The label of the model before training."""
NONE = "none"
"""The label on an axis whose fields the cell's method does not read."""


@dataclass(frozen=True)
class TaskPlan:
    """One task: a grid whose baseline is the untuned model and whose other cells are tuned ones.

    ``comet`` is the spec that its answers are scored with besides, for a translation.
    """

    name: str
    task: Task
    grid: Grid
    comet: str | None

    @property
    def title(self) -> str:
        """What people call it."""
        return self.task.title or self.name

    @property
    def tuned(self) -> tuple[Cell, ...]:
        """The cells that are trained."""
        return tuple(cell for cell in self.grid.cells if cell is not self.grid.baseline)


@dataclass(frozen=True)
class Study:
    """A study file and its tasks, in the file's order."""

    file: StudyFile
    tasks: tuple[TaskPlan, ...]

    @property
    def out(self) -> Path:
        """The folder of the results."""
        return self.file.out


def read_study(path: Path, model: str | None = None) -> Study:
    """The study of a file, its paths made relative to where the file stands.

    ``model`` is the base instead of the recipe's. Raises :class:`InputError` for everything wrong
    in the file at once: first keys and types, then what the cells would make.
    """
    file = read_keys(StudyFile, path)
    base, name = path.parent, file.name or path.stem
    plans, wrong = [], _wrong_fields(file)
    for task_name, task in file.tasks.items():
        comet = _comet(file, base) if task.kind == "translation" else None
        varied = _task_file(file, task_name, task, comet)
        cells, mistakes = combine(varied, base)
        wrong += mistakes
        if mistakes:
            continue
        try:
            tuned = _distinct(varied, [_over(cell, model) for cell in cells])
            asked = Cell((BASE,), _asked(task_name, tuned))
        except InputError as error:
            wrong += error.problems
            continue
        grid = make_grid(varied, base, f"{name}/{task_name}", (asked, *tuned), asked)
        plans.append(TaskPlan(task_name, task, grid, comet))
    refuse(path, wrong)
    return Study(placed(file, base), tuple(plans))


def training_of(recipe: Recipe) -> Training:
    """The recipe's training. Raises :class:`InputError` where there is nothing to train."""
    if recipe.training is None or recipe.model is None:
        lacking = "model" if recipe.model is None else "training"
        raise InputError(f"recipe '{recipe.name}' has no [{lacking}], so it cannot be trained")
    if recipe.model.adapter is not None:
        raise InputError(
            f"recipe '{recipe.name}' has an adapter already (model.adapter); merge it first, and "
            "study the merged model"
        )
    return recipe.training


def _wrong_fields(file: StudyFile) -> list[str]:
    found = []
    for axis, levels in file.axes.items():
        if axis in TAKEN:
            found.append(f"'axes': an axis cannot be called '{axis}', choose another name")
        for level in levels:
            if level.label in (BASE, NONE):
                found.append(f"'axes.{axis}': label '{level.label}' is reserved, choose another")
            found += [
                f"'axes.{axis}' sets {key}: a study varies only training.*, so that every model "
                "answers with the same settings; use leaderkit ablate for other fields"
                for key, _ in flat(level.set)
                if not key.startswith("training.")
            ]
    return found


def _task_file(file: StudyFile, name: str, task: Task, comet: str | None) -> VariedFile:
    """The grid file that the study is for one of its tasks."""
    metrics = list(file.metrics if task.metrics is None else task.metrics)
    if comet is not None and comet not in metrics:
        metrics.append(comet)
    return VariedFile(
        **{
            **file.model_dump(exclude={"tasks", "comet", "merge"}),
            **task.model_dump(include={*Files.model_fields}),
            "recipe": file.recipe.replace("{task}", name),
            "set": {**dict(flat(file.set)), **dict(flat(task.set))},
            "metrics": metrics,
        }
    )


def _over(cell: Cell, model: str | None) -> Cell:
    """The cell with ``model``, a name or a folder as seen from here, in place of its own."""
    if model is None:
        return cell
    own = cell.recipe.model
    base = Model(name=model) if own is None else own.model_copy(update={"name": model})
    return replace(cell, recipe=cell.recipe.model_copy(update={"model": base}))


def _comet(file: StudyFile, base: Path) -> str:
    options = [("model", beside(file.comet.model, base))]
    if file.comet.encoder is not None:
        options.append(("encoder", beside(file.comet.encoder, base)))
    return str(MetricSpec("comet", (*options, ("mismatch", "zero"))))


def _distinct(file: VariedFile, cells: Iterable[Cell]) -> list[Cell]:
    """The cells that differ in what their method reads; what it does not is no label of theirs."""
    found: dict[tuple[str, ...], Cell] = {}
    for cell in cells:
        labels = tuple(_labels(file, cell))
        found.setdefault(labels, replace(cell, labels=labels))
    return list(found.values())


def _labels(file: VariedFile, cell: Cell) -> Iterator[str]:
    tables = tuple(f"training.{table}." for table in unread(training_of(cell.recipe)))
    for (_, levels), label in zip(file.axes.items(), cell.labels, strict=True):
        fields = [
            key for level in levels if level.label == label for key, _ in flat(level.set)
        ]  # fmt: skip
        idle = bool(fields) and all(key.startswith(tables) for key in fields)
        yield NONE if idle else label


def _asked(task: str, cells: Iterable[Cell]) -> Recipe:
    """The recipe that the untuned model answers with: the cells' own, which have to be alike."""
    alone = {"name", "about", "training", "preference"}
    first, *others = (cell.recipe.model_dump(mode="json", exclude=alone) for cell in cells)
    fields = dict(flat(first))
    differ = {
        key
        for other in map(dict, map(flat, others))
        for key in fields.keys() | other.keys()
        if fields.get(key) != other.get(key)
    }
    if differ:
        raise InputError(
            f"the recipes of task '{task}' differ in {few(sorted(differ))}: the tuned and "
            "the untuned model must answer with the same settings; give all of them one value "
            "with 'set'"
        )
    return Recipe(name=BASE, **first)
