"""An experiment from its cells to a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.experiment.plan import Experiment
from baselines.grid.execute import execute
from baselines.grid.inputs import Contest
from evaluators import EvaluationError
from submission.check import Finding, check_submission
from submission.compare import Comparison, write_leaderboard
from submission.errors import InputError, LeaderkitError, sentence
from submission.generation.generate import Report
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import run_subject
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
    file, contest = experiment.file, Contest.of(experiment.file)
    scorer = contest.scorer()
    executed = execute(experiment.trials, contest.jobs(command, fresh=fresh), ledger, say)
    failed = dict(executed.failed)
    reports = [
        executed.reports[trial.run] for trial in experiment.trials if trial.run not in failed
    ]
    done = [report.run for report in reports]
    submissions = []
    for cell in file.cells:
        if cell.submit and cell.name in done:
            try:
                submissions.append(_submit(experiment, cell.name, contest, scorer, ledger, command))
            except (LeaderkitError, EvaluationError) as error:
                failed[cell.name] = str(error)
                say(sentence(f"Error: {error}"))
    comparison = leaderboard = None
    if file.references is not None and done:
        (wanted,) = experiment.baseline.labels
        baseline = wanted if wanted in done else done[-1]
        if baseline != wanted:
            say(f"The baseline '{wanted}' failed: the others are tested against '{baseline}'.")
        comparison = contest.inputs().compare(scorer, ledger, done, baseline)
        leaderboard = file.out / "leaderboard.csv"
        write_leaderboard(comparison, leaderboard)
    return Outcome(reports, submissions, comparison, leaderboard, failed)


def _submit(
    experiment: Experiment, run: str, contest: Contest, scorer: Scorer, ledger: Ledger, command: str
) -> tuple[Written, Sequence[Finding]]:
    competition, file = contest.competition, experiment.file
    profile = competition.profile
    if file.template is None:
        raise InputError("A submission needs a template.")
    out = file.out / f"submission-{run}{profile.submission.ending}"
    subject = run_subject(profile, ledger, run)
    written = write_submission(
        competition, scorer, subject, file.template, out, command=command, ledger=ledger
    )
    own = scorer.encoder if profile.submission.vectors is not None else None
    return written, check_submission(profile, out, file.template, encoder=own)
