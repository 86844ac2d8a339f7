"""Finished cells that are one line of a study's tables and plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from baselines.grid.cells import Cell
from baselines.grid.overrides import flat
from baselines.grid.scores import Finished
from baselines.study.plan import NONE, Study, training_of
from baselines.study.results import Outcome, StudyResults, TaskResults
from baselines.study.schema import StudyFile

SEED = "training.seed"


@dataclass(frozen=True)
class Group:
    """Cells of a task that differ in nothing but the seed they were trained with.

    ``variant`` are the labels on the axes that tell cells of one method, size and rank apart; it
    is empty in a study that varies nothing else.
    """

    task: TaskResults
    method: str
    variant: tuple[str, ...]
    size: int
    rank: int | None
    outcomes: Sequence[Outcome]

    @property
    def finished(self) -> list[Finished]:
        """Every scored run of them."""
        return [run for outcome in self.outcomes for run in outcome.finished]


def groups(results: StudyResults) -> list[Group]:
    """The groups that have a scored run, in the order of their first cells."""
    axes = _telling(results.study)
    found: dict[tuple[object, ...], Group] = {}
    for task in results.tasks:
        for each in task.outcomes:
            if not each.finished:
                continue
            labels = (each.cell.labels[axis] for axis in axes)
            variant = tuple(label for label in labels if label != NONE)
            key = (task.plan.name, each.tuned.method, variant, each.tuned.size, each.tuned.rank)
            before = found[key].outcomes if key in found else ()
            found[key] = Group(
                task, each.tuned.method, variant, each.tuned.size, each.tuned.rank, [*before, each]
            )
    return list(found.values())


def _telling(study: Study) -> list[int]:
    """The places of the axes on which cells of one task, method, size and rank differ.

    Whether a cell has finished makes no difference, so that a study that goes on writes the files
    that it began with.
    """
    alike: dict[tuple[object, ...], list[Cell]] = {}
    for plan in study.tasks:
        for cell in plan.tuned:
            training = training_of(cell.recipe)
            rank = None if training.method == "full" else training.lora.rank
            key = (plan.name, training.method, training.rows, rank)
            alike.setdefault(key, []).append(cell)
    return [
        place
        for place, axis in enumerate(study.file.axes)
        if not _is_seed(study.file, axis)
        and any(len({cell.labels[place] for cell in cells}) > 1 for cells in alike.values())
    ]


def _is_seed(file: StudyFile, axis: str) -> bool:
    return all(key == SEED for level in file.axes[axis] for key, _ in flat(level.set))
