"""The results of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from baselines.grid.cells import Cell
from baselines.grid.journal import Taken
from baselines.grid.scores import Finished
from baselines.study.plan import Study, TaskPlan
from baselines.study.tuned import Tuned
from evaluators import Score


@dataclass(frozen=True)
class Outcome:
    """One trained cell: its training, the memory that took, and its scored runs, one per seed."""

    cell: Cell
    tuned: Tuned
    taken: Taken
    finished: Sequence[Finished]


@dataclass(frozen=True)
class TaskResults:
    """One task: the untuned model's scored runs, one per seed, and every trained cell's."""

    plan: TaskPlan
    base: Sequence[Finished]
    outcomes: Sequence[Outcome]
    proxy: str | None

    def comet(self, finished: Finished) -> Score | None:
        """A run's COMET score; None where the task is no translation."""
        metrics = self.plan.grid.file.metrics
        if self.plan.comet is None:
            return None
        further = finished.scored.further(len(metrics))
        return further[metrics.index(self.plan.comet)]

    def main(self, finished: Finished) -> Score:
        """What a run is judged by: COMET for a translation, else the competition's score."""
        return self.comet(finished) or finished.scored.main

    def rows(self, finished: Sequence[Finished]) -> NDArray[np.float64]:
        """The :meth:`main` score of every test row, averaged over the seeds; shape ``(rows,)``."""
        found: NDArray[np.float64] = np.mean([self.main(each).rows for each in finished], axis=0)
        return found

    def value(self, finished: Sequence[Finished]) -> float:
        """The :meth:`main` score, averaged over the seeds."""
        return float(np.mean([self.main(each).value for each in finished]))


@dataclass(frozen=True)
class StudyResults:
    """All tasks; ``failed`` maps a run's name to its error."""

    study: Study
    tasks: Sequence[TaskResults]
    failed: Mapping[str, str]

    @property
    def diverged(self) -> list[str]:
        """The runs of cells whose training ended because its loss became NaN."""
        return [
            run.trial.run
            for task in self.tasks
            for each in task.outcomes
            if (report := each.tuned.report) is not None and report.diverged_at is not None
            for run in each.finished
        ]
