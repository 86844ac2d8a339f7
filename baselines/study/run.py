"""A study from its file to its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from baselines.grid.cells import Cell, Trial
from baselines.grid.execute import FAILURES, execute, reason_of
from baselines.grid.inputs import Contest, Inputs, refuse_file
from baselines.grid.journal import Journal
from baselines.grid.schema import refuse
from baselines.grid.scores import score_trials
from baselines.study.plan import Study, TaskPlan, training_of
from baselines.study.results import Outcome, StudyResults, TaskResults
from baselines.study.tuned import Base, Material, Tuned
from baselines.training.held_out import HeldOut, hold_out
from submission.errors import sentence
from submission.files.model_files import locate_model
from submission.generation.generate import Job
from submission.machine.memory import free_memory
from submission.recipes.schema import Recipe
from submission.runs.ledger import Ledger

Say = Callable[[str], None]


@dataclass(frozen=True)
class _Task:
    """A task and what its files hold."""

    plan: TaskPlan
    inputs: Inputs
    everything: HeldOut

    @classmethod
    def read(cls, plan: TaskPlan) -> _Task:
        file, contest = plan.grid.file, Contest.of(plan.grid.file)
        if file.train is None:
            raise ValueError(f"task '{plan.name}' names no training file")
        everything = HeldOut.read(contest.competition, file.train, file.encoder)
        return cls(plan, contest.inputs(), everything)

    def material(self, recipe: Recipe) -> Material:
        """What is trained on: the rows that the recipe does not hold out."""
        training = training_of(recipe)
        if not training.evaluation.share:
            return Material(self.everything.rows, None)
        return Material(*hold_out(self.everything, training.evaluation.share, training.seed))

    def runs(self, cell: Cell) -> list[Trial]:
        """The cell's runs, one for each seed."""
        return [trial for trial in self.plan.grid.trials if trial.cell is cell]

    def wrong(self) -> Iterator[str]:
        """What in the files does not do for the task."""
        file, name = self.plan.grid.file, self.plan.name
        for cell in self.plan.tuned:
            rows, wanted = self.material(cell.recipe).rows, training_of(cell.recipe).rows
            if wanted is not None and wanted > len(rows):
                yield (
                    f"task '{name}': training.rows = {wanted}, but {file.train} has only "
                    f"{len(rows)}"
                )
        bare = [
            each.id
            for each in self.inputs.references.rows
            if not each.meta.get("source", "").strip()
        ]
        if self.plan.comet is not None and bare:
            yield (
                f"task '{name}': COMET needs the translated text in a column 'source' of "
                f"{file.references}, and row {bare[0]} has none"
            )


def run_study(
    study: Study, ledger: Ledger, say: Say, *, command: str, fresh: bool = False
) -> StudyResults:
    """Ask the untuned models, train and merge every cell, ask those, and score all answers.

    What is in the ledger or among the finished trainings is not computed again; what fails does
    not stop the rest. Raises ``InputError`` or ``EvaluationError`` before anything is computed
    where the files do not fit each other or a metric cannot be had.
    """
    refuse_file(study.out)
    tasks = [_Task.read(plan) for plan in study.tasks]
    refuse("Files of the study", [mistake for each in tasks for mistake in each.wrong()])
    _require(tasks)
    journal = Journal(study.out)
    jobs = {
        trial.run: task.inputs.contest.jobs(command, fresh=fresh)
        for task in tasks
        for trial in task.plan.grid.trials
    }

    def job(trial: Trial) -> Job:
        return jobs[trial.run](trial)

    cells = [(task, cell) for task in tasks for cell in task.plan.tuned]
    say(f"{len(tasks)} tasks, {len(cells)} cells to train. First the answers before training.")
    bases = [trial for task in tasks for trial in task.runs(task.plan.grid.baseline)]
    failed = dict(execute(bases, job, ledger, say, journal).failed)
    tuned, trials = {}, []
    for number, (task, cell) in enumerate(cells, start=1):
        asked = task.runs(cell)
        say(f"== training {number} of {len(cells)}: {asked[0].run.partition('@')[0]}")
        try:
            made = _tune(study, task, cell, ledger, journal, say)
        except FAILURES as error:
            reason = reason_of(error)
            say(sentence(f"Error: {reason}"))
            failed |= {trial.run: reason for trial in asked}
        else:
            tuned[asked[0].run] = made
            trials += [replace(trial, recipe=made.answering(trial.recipe)) for trial in asked]
    say("Now the answers after training.")
    failed |= execute(trials, job, ledger, say, journal).failed
    return StudyResults(
        study, [_results(each, ledger, journal, failed, tuned) for each in tasks], failed
    )


def _require(tasks: Sequence[_Task]) -> None:
    built: set[str] = set()
    for task in tasks:
        # A metric's model may be large: it is loaded once to see that it can be, and let go.
        name = f"-c {task.inputs.contest.competition.name}"
        wanted = [
            spec for spec in (None, *task.plan.grid.file.metrics) if (spec or name) not in built
        ]
        task.inputs.require(task.inputs.contest.scorer(), wanted)
        built |= {spec or name for spec in wanted}
    free_memory()


def _tune(
    study: Study, task: _Task, cell: Cell, ledger: Ledger, journal: Journal, say: Say
) -> Tuned:
    model = cell.recipe.model
    if model is None:
        raise ValueError(f"cell '{','.join(cell.labels)}' has no model to train")
    base = Base.of(locate_model(model.name, cell.recipe.engine.revision), ledger.hash_file)
    tuned = Tuned(
        study.out / "models",
        cell.recipe,
        task.material(cell.recipe),
        base,
        merge=study.file.merge,
    )
    tuned.make([question.text for question in task.inputs.questions], journal, say)
    return tuned


def _results(
    task: _Task,
    ledger: Ledger,
    journal: Journal,
    failed: dict[str, str],
    tuned: dict[str, Tuned],
) -> TaskResults:
    plan, scorer = task.plan, task.inputs.contest.scorer()
    finished, unscored = score_trials(plan.grid, task.inputs, scorer, ledger, journal, failed)
    failed |= unscored
    outcomes = []
    for cell in plan.tuned:
        if (made := tuned.get(task.runs(cell)[0].run)) is not None:
            answered = [each for each in finished if each.trial.cell is cell]
            outcomes.append(Outcome(cell, made, journal.taken(made.folder.name), answered))
    return TaskResults(
        plan=plan,
        base=[each for each in finished if each.trial.cell is plan.grid.baseline],
        outcomes=outcomes,
        proxy=scorer.proxy,
    )
