"""Finished cells that are one line of a study's tables and plots."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from baselines.ablation.overrides import flat
from baselines.ablation.results import Finished
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
    axes = _telling(results)
    found: dict[tuple[object, ...], Group] = {}
    for task, each in _outcomes(results):
        variant = tuple(each.cell.labels[axis] for axis in axes)
        key = (task.plan.name, each.tuned.method, variant, each.tuned.size, each.tuned.rank)
        known = found.get(key)
        before = known.outcomes if known is not None else ()
        found[key] = Group(
            task, each.tuned.method, variant, each.tuned.size, each.tuned.rank, [*before, each]
        )
    return list(found.values())


def _outcomes(results: StudyResults) -> Iterator[tuple[TaskResults, Outcome]]:
    for task in results.tasks:
        for each in task.outcomes:
            if each.finished:
                yield task, each


def _telling(results: StudyResults) -> list[int]:
    """The places of the axes on which cells of one task, method, size and rank differ."""
    alike: dict[tuple[object, ...], list[Outcome]] = {}
    for task, each in _outcomes(results):
        key = (task.plan.name, each.tuned.method, each.tuned.size, each.tuned.rank)
        alike.setdefault(key, []).append(each)
    file = results.study.file
    return [
        place
        for place, axis in enumerate(file.axes)
        if not _is_seed(file, axis)
        and any(len({each.cell.labels[place] for each in cells}) > 1 for cells in alike.values())
    ]


def _is_seed(file: StudyFile, axis: str) -> bool:
    return all(key == SEED for level in file.axes[axis] for key, _ in flat(level.set))
