"""A grid from its file to its results."""

from __future__ import annotations

from collections.abc import Callable

from baselines.ablation.results import Results, collect
from baselines.grid.cells import Grid, Trial
from baselines.grid.execute import execute
from baselines.grid.journal import Journal
from submission.competitions import find_competition
from submission.errors import InputError
from submission.generation.generate import Job
from submission.records.read import read_questions, read_training
from submission.records.rows import Prediction
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references


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
    if file.out.exists() and not file.out.is_dir():
        raise InputError(f"{file.out}: is a file; 'out' is the folder of the results.")
    contest = find_competition(file.competition)
    scorer = Scorer(contest, file.encoder)
    references = load_references(contest, file.references)
    asked = [Prediction(each.id, "") for each in read_questions(contest.profile, file.test)]
    scorer.examples(asked, references, str(file.test))
    if file.train is not None:
        read_training(contest.profile, file.train)
    for metric in (None, *file.metrics):
        scorer.metric_of(metric)

    def job(trial: Trial) -> Job:
        return Job(
            run=trial.run,
            recipe=trial.recipe,
            competition=contest,
            test=file.test,
            train=file.train,
            encoder=file.encoder,
            fresh=fresh,
            command=command,
        )

    say(f"{len(grid.cells)} cells, {len(grid.trials)} runs.")
    journal = Journal(file.out)
    failed = execute(grid.trials, job, ledger, journal, say)
    return collect(grid, scorer, references, ledger, journal, failed)
