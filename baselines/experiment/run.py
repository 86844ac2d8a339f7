"""An experiment from its cells to a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.experiment.plan import Experiment
from baselines.grid.cells import Trial
from baselines.grid.execute import execute
from baselines.grid.inputs import job_for, scorer_for
from evaluators import EvaluationError
from submission.check import Finding, check_submission
from submission.compare import Comparison, compare, write_leaderboard
from submission.competitions import find_competition
from submission.errors import InputError, LeaderkitError
from submission.generation.generate import Job, Report
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references, run_subject
from submission.submit.write import Written, write_submission


@dataclass(frozen=True)
class Outcome:
    """What an experiment produced; ``failed`` maps a run's name to its error."""

    reports: Sequence[Report]
    submissions: Sequence[tuple[Written, Sequence[Finding]]]
    comparison: Comparison | None
    leaderboard: Path | None
    failed: dict[str, str]


def run_experiment(
    experiment: Experiment,
    ledger: Ledger,
    say: Callable[[str], None],
    *,
    command: str,
    fresh: bool = False,
) -> Outcome:
    """Generate every run, write the submissions asked for, and compare.

    A run that fails is reported and left out; the others go on. What is in the ledger already is
    not computed again, and runs that need the same model load it once.
    """
    file = experiment.file
    contest = find_competition(file.competition)
    scorer = scorer_for(file, contest)

    def job(trial: Trial) -> Job:
        return job_for(file, contest, trial, command=command, fresh=fresh)

    executed = execute(experiment.trials, job, ledger, say)
    failed = executed.failed
    reports = [
        executed.reports[trial.run] for trial in experiment.trials if trial.run not in failed
    ]
    done = [report.run for report in reports]
    submissions = []
    for cell in file.cells:
        if cell.submit and cell.name in done:
            try:
                submissions.append(_submit(experiment, cell.name, scorer, ledger, command))
            except (LeaderkitError, EvaluationError) as error:
                failed[cell.name] = str(error)
                say(f"Error: {error}")
    comparison, leaderboard = _compare(experiment, scorer, ledger, done, say)
    return Outcome(reports, submissions, comparison, leaderboard, failed)


def _submit(
    experiment: Experiment, run: str, scorer: Scorer, ledger: Ledger, command: str
) -> tuple[Written, Sequence[Finding]]:
    profile, file = scorer.competition.profile, experiment.file
    if file.template is None:
        raise InputError("A submission needs a template.")
    out = file.out / f"submission-{run}.{profile.submission.format}"
    subject = run_subject(ledger, run)
    written = write_submission(scorer, subject, file.template, out, command=command, ledger=ledger)
    own = scorer.encoder if profile.submission.vectors is not None else None
    return written, check_submission(profile, out, file.template, encoder=own)


def _compare(
    experiment: Experiment,
    scorer: Scorer,
    ledger: Ledger,
    done: Sequence[str],
    say: Callable[[str], None],
) -> tuple[Comparison | None, Path | None]:
    file = experiment.file
    if file.references is None or not done:
        return None, None
    (wanted,) = experiment.baseline.labels
    baseline = wanted if wanted in done else done[-1]
    if baseline != wanted:
        say(f"The baseline '{wanted}' failed: the others are tested against '{baseline}'.")
    references = load_references(scorer.competition, file.references)
    comparison = compare(
        scorer,
        ledger,
        done,
        baseline,
        references,
        file.references,
        metrics=file.metrics,
        test=file.test,
    )
    path = file.out / "leaderboard.csv"
    write_leaderboard(comparison, path)
    return comparison, path
