"""A grid from its file to its results."""

from __future__ import annotations

from collections.abc import Callable

from baselines.ablation.results import Results, collect
from baselines.grid.cells import Grid, Trial
from baselines.grid.execute import execute
from baselines.grid.inputs import Inputs, job_for, refuse_file, scorer_for
from baselines.grid.journal import Journal
from submission.generation.generate import Job
from submission.records.read import read_training
from submission.runs.ledger import Ledger


def run_grid(
    grid: Grid,
    ledger: Ledger,
    say: Callable[[str], None],
    *,
    command: str,
    fresh: bool = False,
) -> Results:
    """Generate and score every cell with every seed, and estimate what each choice is worth.

    What is in the ledger is not computed again, and a trial that fails does not stop the others.
    Raises ``InputError`` or ``EvaluationError`` before anything is generated where the files do
    not fit each other or the metrics cannot be had.
    """
    file = grid.file
    refuse_file(file.out)
    inputs = Inputs.read(file)
    scorer = scorer_for(file, inputs.competition)
    if file.train is not None:
        read_training(inputs.competition.profile, file.train)
    inputs.require(scorer, (None, *file.metrics))

    def job(trial: Trial) -> Job:
        return job_for(file, inputs.competition, trial, command=command, fresh=fresh)

    say(f"{len(grid.cells)} cells, {len(grid.trials)} runs.")
    journal = Journal(file.out)
    done = execute(grid.trials, job, ledger, say, journal)
    return collect(grid, inputs, scorer, ledger, journal, done.failed)
