"""An experiment file: several recipes over one test file, to a leaderboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from evaluators import EvaluationError
from submission.check import Finding, check_submission
from submission.compare import Comparison, compare, write_leaderboard
from submission.competitions import Competition, find_competition
from submission.engines.slot import ModelSlot
from submission.errors import InputError, LeaderkitError
from submission.files.toml import read_toml, validate
from submission.generation.generate import Job, Report, generate
from submission.recipes import find_recipe, model_overrides
from submission.runs.ledger import Ledger
from submission.scoring.metrics import Models
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references, run_subject
from submission.submit.write import Written, write_submission

NonEmpty = Annotated[str, Field(min_length=1)]
RunName = Annotated[str, Field(pattern=r"^[^/\\.\x00][^/\\\x00]*$")]
"""Becomes part of file names."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RunTable(_Table):
    """One ``[[runs]]`` table: a recipe and what it overrides. ``submit`` writes a submission."""

    name: RunName
    recipe: NonEmpty
    model: str | None = None
    adapter: str | None = None
    engine: str | None = None
    set: list[NonEmpty] = []
    submit: bool = False


class Experiment(_Table):
    """An experiment file. Paths are relative to the file; ``out`` is where results go.

    ``metrics`` are shown beside the formula, and ``metric_models`` name their models, as
    ``METRIC=PATH``.
    """

    competition: NonEmpty
    test: Path
    out: Path
    train: Path | None = None
    references: Path | None = None
    template: Path | None = None
    encoder: str | None = None
    baseline: str | None = None
    metrics: list[NonEmpty] = []
    metric_models: list[NonEmpty] = []
    runs: list[RunTable] = Field(min_length=1)


@dataclass(frozen=True)
class Outcome:
    """What an experiment produced; ``failed`` maps a run's name to its error."""

    reports: Sequence[Report]
    submissions: Sequence[tuple[Written, Sequence[Finding]]]
    comparison: Comparison | None
    leaderboard: Path | None
    failed: dict[str, str]


def read_experiment(path: Path) -> Experiment:
    """The experiment file, its paths made relative to where it stands.

    Raises :class:`InputError` for every wrong key at once, for repeated run names, a baseline
    that is no run, and files that a wish needs and the experiment does not name.
    """
    experiment = validate(Experiment, read_toml(path), str(path))
    names = [run.name for run in experiment.runs]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise InputError(f"{path}: two runs are called '{repeated[0]}'.")
    if experiment.baseline is not None and experiment.baseline not in names:
        raise InputError(
            f"{path}: baseline '{experiment.baseline}' is none of the runs ({', '.join(names)})."
        )
    if experiment.template is None and any(run.submit for run in experiment.runs):
        raise InputError(f"{path}: a run is to be submitted, but 'template' is missing.")
    base = path.parent
    files = ("test", "out", "train", "references", "template")
    placed: dict[str, object] = {
        name: base / value for name in files if (value := getattr(experiment, name)) is not None
    }
    for name in ("competition", "encoder"):
        placed[name] = _beside(base, getattr(experiment, name))
    placed["metric_models"] = [
        f"{metric}{equals}{_beside(base, model)}"
        for metric, equals, model in (each.partition("=") for each in experiment.metric_models)
    ]
    placed["runs"] = [
        run.model_copy(
            update={
                name: _beside(base, getattr(run, name)) for name in ("recipe", "model", "adapter")
            }
        )
        for run in experiment.runs
    ]
    return experiment.model_copy(update=placed)


def _beside(base: Path, given: str | None) -> str | None:
    """A name, or a path relative to ``base`` where there is one."""
    if given is None:
        return None
    path, colon, variant = given.partition(":")
    return f"{base / path}{colon}{variant}" if (base / path).exists() else given


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
    not computed again, and runs in a row that need the same model load it once.
    """
    contest = find_competition(experiment.competition)
    scorer = Scorer(contest, experiment.encoder, models=Models.read(experiment.metric_models))
    reports: list[Report] = []
    failed: dict[str, str] = {}

    @contextmanager
    def kept_going(run: str) -> Iterator[None]:
        try:
            yield
        except (LeaderkitError, EvaluationError) as error:
            failed[run] = str(error)
            say(f"Error: {error}")

    with ModelSlot(shared=True) as slot:
        for table in experiment.runs:
            say(f"== {table.name} ({table.recipe})")
            with kept_going(table.name):
                job = _job(experiment, table, contest, command, fresh)
                reports.append(generate(job, ledger, say, slot))
    done = [report.run for report in reports]
    submissions = []
    for table in experiment.runs:
        if table.submit and table.name in done:
            with kept_going(table.name):
                submissions.append(_submit(experiment, table, scorer, ledger, command))
    comparison, leaderboard = _compare(experiment, scorer, ledger, done, say)
    return Outcome(reports, submissions, comparison, leaderboard, failed)


def _job(
    experiment: Experiment, table: RunTable, contest: Competition, command: str, fresh: bool
) -> Job:
    given = model_overrides(table.model, table.adapter, table.engine, None)
    return Job(
        run=table.name,
        recipe=find_recipe(table.recipe, [*table.set, *given]),
        competition=contest,
        test=experiment.test,
        train=experiment.train,
        encoder=experiment.encoder,
        fresh=fresh,
        command=command,
    )


def _submit(
    experiment: Experiment, table: RunTable, scorer: Scorer, ledger: Ledger, command: str
) -> tuple[Written, Sequence[Finding]]:
    profile = scorer.competition.profile
    if experiment.template is None:
        raise InputError("A submission needs a template.")
    out = experiment.out / f"submission-{table.name}.{profile.submission.format}"
    written = write_submission(
        scorer,
        run_subject(ledger, table.name),
        experiment.template,
        out,
        command=command,
        ledger=ledger,
    )
    own = scorer.encoder if profile.submission.vectors is not None else None
    return written, check_submission(profile, out, experiment.template, encoder=own)


def _compare(
    experiment: Experiment,
    scorer: Scorer,
    ledger: Ledger,
    done: Sequence[str],
    say: Callable[[str], None],
) -> tuple[Comparison | None, Path | None]:
    if experiment.references is None or not done:
        return None, None
    wanted = experiment.baseline or experiment.runs[-1].name
    baseline = wanted if wanted in done else done[-1]
    if baseline != wanted:
        say(f"The baseline '{wanted}' failed: the others are tested against '{baseline}'.")
    references = load_references(scorer.competition, experiment.references)
    comparison = compare(
        scorer,
        ledger,
        done,
        baseline,
        references,
        experiment.references,
        metrics=experiment.metrics,
        test=experiment.test,
    )
    path = experiment.out / "leaderboard.csv"
    write_leaderboard(comparison, path)
    return comparison, path
