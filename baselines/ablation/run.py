"""A grid from its file to its results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from baselines.ablation.results import Results, collect
from baselines.grid.axes import baseline_of, combine
from baselines.grid.cells import Grid, make_grid
from baselines.grid.execute import execute
from baselines.grid.inputs import Contest, refuse_file
from baselines.grid.journal import Journal
from baselines.grid.schema import VariedFile, read_keys, refuse
from submission.errors import InputError, few
from submission.records.read import read_training
from submission.runs.ledger import Ledger


def read_grid(path: Path) -> Grid:
    """The grid of a file.

    Raises :class:`InputError` for everything wrong in it at once: first keys and types, then what
    names something that is not there, then recipes that the cells would make.
    """
    file = read_keys(VariedFile, path)
    cells, wrong = combine(file, path.parent)
    refuse(path, wrong)
    baseline = next((cell for cell in cells if cell.labels == baseline_of(file)), None)
    if baseline is None:
        wanted = few(baseline_of(file))
        problem = f"the baseline ({wanted}) is not one of the cells; set 'baseline'"
        raise InputError.listing(path, [problem])
    return make_grid(file, path.parent, file.name or path.stem, cells, baseline)


def run_grid(
    grid: Grid,
    ledger: Ledger,
    say: Callable[[str], None],
    *,
    command: str,
    fresh: bool = False,
) -> Results:
    """Generate and score every cell with every seed, and estimate the effect of each choice.

    What is in the ledger is not computed again, and a trial that fails does not stop the others.
    Raises ``InputError`` or ``EvaluationError`` before anything is generated where the files do
    not fit each other or the metrics cannot be had.
    """
    file = grid.file
    refuse_file(file.out)
    contest = Contest.of(file)
    inputs, scorer = contest.inputs(), contest.scorer()
    if file.train is not None:
        read_training(contest.competition.profile, file.train)
    inputs.require(scorer, (None, *file.metrics))
    say(f"{len(grid.cells)} cells, {len(grid.trials)} runs.")
    journal = Journal(file.out)
    done = execute(grid.trials, contest.jobs(command, fresh=fresh), ledger, say, journal)
    return collect(grid, inputs, scorer, ledger, journal, done.failed)
