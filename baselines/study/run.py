"""A study from its file to its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from baselines.ablation.results import score_trials
from baselines.grid.cells import Cell, Trial
from baselines.grid.execute import FAILURES, execute, reason_of
from baselines.grid.journal import Journal
from baselines.study.plan import Study, TaskPlan, refuse, training_of
from baselines.study.results import Outcome, StudyResults, TaskResults
from baselines.study.tuned import Base, Material, Tuned
from baselines.training.held_out import HeldOut, hold_out
from submission.competitions import Competition, find_competition
from submission.errors import InputError
from submission.files.model_files import locate_model
from submission.generation.generate import Job
from submission.machine.memory import free_memory
from submission.recipes.schema import Recipe
from submission.records.read import read_questions
from submission.records.rows import Prediction, Question, Reference
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Files:
    """What a task's files hold."""

    plan: TaskPlan
    competition: Competition
    everything: HeldOut
    questions: list[Question]
    references: list[Reference]

    @classmethod
    def read(cls, plan: TaskPlan) -> _Files:
        file, task = plan.grid.file, plan.task
        competition = find_competition(file.competition)
        if file.train is None:
            raise AssertionError(task)
        return cls(
            plan,
            competition,
            HeldOut.read(competition, file.train, file.encoder),
            read_questions(competition.profile, file.test),
            load_references(competition, file.references),
        )

    @property
    def scorer(self) -> Scorer:
        """A new one, so that its models are not kept for longer than it is."""
        return Scorer(self.competition, self.plan.grid.file.encoder)

    @cached_property
    def base(self) -> Recipe:
        """What the untuned model answers with."""
        return self.plan.grid.baseline.recipe

    def material(self, recipe: Recipe) -> Material:
        """What is trained on: the rows that the recipe does not hold out."""
        training = training_of(recipe)
        if not training.evaluation.share:
            return Material(self.everything.rows, None)
        return Material(*hold_out(self.everything, training.evaluation.share, training.seed))

    def wrong(self) -> Iterator[str]:
        """What in the files does not do for the task."""
        for cell in self.plan.tuned:
            rows, wanted = self.material(cell.recipe).rows, training_of(cell.recipe).rows
            if wanted is not None and wanted > len(rows):
                yield (
                    f"task '{self.plan.name}': training.rows = {wanted}, and there are "
                    f"{len(rows)} in {self.plan.grid.file.train}"
                )
        bare = [each.id for each in self.references if not each.meta.get("source", "").strip()]
        if self.plan.comet is not None and bare:
            yield (
                f"task '{self.plan.name}': COMET reads what was translated in a column 'source' of "
                f"{self.plan.grid.file.references}, and row {bare[0]} has none"
            )


def run_study(
    study: Study, ledger: Ledger, say: Say, *, command: str, fresh: bool = False
) -> StudyResults:
    """Ask the untuned models, train and merge every cell, ask those, and score all answers.

    What is in the ledger or among the finished trainings is not computed again; what fails does
    not stop the rest. Raises ``InputError`` or ``EvaluationError`` before anything is computed
    where the files do not fit each other or a metric cannot be had.
    """
    if study.out.exists() and not study.out.is_dir():
        raise InputError(f"{study.out}: is a file; 'out' is the folder of the results.")
    files = [_Files.read(plan) for plan in study.tasks]
    refuse("Files of the study", [mistake for each in files for mistake in each.wrong()])
    _require_metrics(files)
    journal = Journal(study.out)
    jobs = _jobs(files, command, fresh=fresh)
    bases = [trial for plan in study.tasks for trial in _of(plan, plan.grid.baseline)]
    cells = sum(len(plan.tuned) for plan in study.tasks)
    say(f"{len(study.tasks)} tasks, {cells} cells to train. First the answers before training.")
    failed = execute(bases, jobs, ledger, journal, say)
    tuned, trials = {}, []
    for number, (each, cell) in enumerate(_cells(files), start=1):
        asked = _of(each.plan, cell)
        say(f"== training {number} of {cells}: {asked[0].run.partition('@')[0]}")
        try:
            made = _tune(study, each, cell, ledger, journal, say)
        except FAILURES as error:
            reason = reason_of(error)
            say(f"Error: {reason}")
            failed |= {trial.run: reason for trial in asked}
        else:
            tuned[asked[0].run] = made
            trials += [_asking(made, trial) for trial in asked]
    say("Now the answers after training.")
    failed |= execute(trials, jobs, ledger, journal, say)
    tasks = [_results(each, ledger, journal, failed, tuned) for each in files]
    return StudyResults(study, tasks, failed)


def _require_metrics(files: list[_Files]) -> None:
    built = set()
    for each in files:
        scorer, file = each.scorer, each.plan.grid.file
        asked = [Prediction(question.id, "") for question in each.questions]
        scorer.examples(asked, each.references, str(file.test))
        # A metric's model may be large: it is loaded once to see that it can be, and let go.
        for spec in (None, *file.metrics):
            name = spec or f"-c {each.competition.name}"
            if name not in built:
                scorer.metric_of(spec)
                built.add(name)
    free_memory()


def _jobs(files: list[_Files], command: str, *, fresh: bool) -> Callable[[Trial], Job]:
    of_run = {trial.run: each for each in files for trial in each.plan.grid.trials}

    def job(trial: Trial) -> Job:
        each = of_run[trial.run]
        return Job(
            run=trial.run,
            recipe=trial.recipe,
            competition=each.competition,
            test=each.plan.grid.file.test,
            encoder=each.plan.grid.file.encoder,
            fresh=fresh,
            command=command,
        )

    return job


def _cells(files: list[_Files]) -> Iterator[tuple[_Files, Cell]]:
    for each in files:
        for cell in each.plan.tuned:
            yield each, cell


def _of(plan: TaskPlan, cell: Cell) -> list[Trial]:
    return [trial for trial in plan.grid.trials if trial.cell is cell]


def _tune(
    study: Study, files: _Files, cell: Cell, ledger: Ledger, journal: Journal, say: Say
) -> Tuned:
    model = cell.recipe.model
    if model is None:
        raise AssertionError(cell)
    base = Base.of(locate_model(model.name, cell.recipe.engine.revision), ledger.hash_file)
    tuned = Tuned(
        study.out / "models",
        cell.recipe,
        files.material(cell.recipe),
        base,
        merge=study.file.merge,
    )
    tuned.make([question.text for question in files.questions], journal, say)
    return tuned


def _asking(tuned: Tuned, trial: Trial) -> Trial:
    return Trial(trial.cell, trial.seed, trial.run, tuned.answering(trial.recipe))


def _results(
    files: _Files,
    ledger: Ledger,
    journal: Journal,
    failed: dict[str, str],
    tuned: dict[str, Tuned],
) -> TaskResults:
    plan = files.plan
    scorer = files.scorer
    finished, unscored = score_trials(plan.grid, scorer, files.references, ledger, journal, failed)
    failed |= unscored
    outcomes = []
    for cell in plan.tuned:
        runs = _of(plan, cell)
        if (made := tuned.get(runs[0].run)) is not None:
            answered = [each for each in finished if each.trial.cell is cell]
            taken = journal.taken(made.folder.name)
            outcomes.append(Outcome(cell, made, taken, answered))
    return TaskResults(
        plan=plan,
        base=[each for each in finished if each.trial.cell is plan.grid.baseline],
        outcomes=outcomes,
        proxy_reason=scorer.proxy_reason,
    )
