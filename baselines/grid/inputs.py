"""What a grid's file names: its competition, and what its files hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.grid.cells import Trial
from baselines.grid.schema import GridFile
from submission.compare import Comparison, compare
from submission.competitions import Competition, find_competition
from submission.errors import InputError
from submission.generation.generate import Job
from submission.records.read import read_questions
from submission.records.rows import Prediction, Question, References
from submission.runs.ledger import Ledger
from submission.scoring.metrics import Models
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references


@dataclass(frozen=True)
class Contest:
    """The competition of a grid's file."""

    file: GridFile
    competition: Competition

    @classmethod
    def of(cls, file: GridFile) -> Contest:
        """Find it. Raises :class:`InputError` where there is none of that name."""
        return cls(file, find_competition(file.competition))

    def scorer(self) -> Scorer:
        """A new one, so that its models are not kept for longer than it is."""
        models = [f"{metric}={model}" for metric, model in self.file.metric_models.items()]
        return Scorer.of(self.competition, self.file.encoder, models=Models.read(models))

    def jobs(self, command: str, *, fresh: bool) -> Callable[[Trial], Job]:
        """What makes the job of a trial."""
        file = self.file
        return lambda trial: Job(
            run=trial.run,
            recipe=trial.recipe,
            competition=self.competition,
            test=file.test,
            train=file.train,
            encoder=file.encoder,
            fresh=fresh,
            command=command,
        )

    def inputs(self) -> Inputs:
        """What its files hold. Raises :class:`InputError` where they cannot be read."""
        file, profile = self.file, self.competition.profile
        if file.references is None:
            raise InputError("'references' is missing: answers cannot be scored without it.")
        references = load_references(profile, file.references)
        return Inputs(self, read_questions(profile, file.test), references)


@dataclass(frozen=True)
class Inputs:
    """The questions and references of a grid's file."""

    contest: Contest
    questions: Sequence[Question]
    references: References

    def require(self, scorer: Scorer, metrics: Iterable[str | None]) -> None:
        """See that answers to these questions can be scored; None is the competition's metric.

        Raises :class:`InputError` where test file and references do not fit, ``EvaluationError``
        where a metric cannot be had.
        """
        asked = [Prediction(each.id, "") for each in self.questions]
        scorer.examples(asked, self.references.rows, str(self.contest.file.test))
        for metric in metrics:
            scorer.metric_of(metric)

    def compare(
        self, scorer: Scorer, ledger: Ledger, runs: Sequence[str], baseline: str
    ) -> Comparison:
        """The runs against one of them, on the file's further metrics, too."""
        file, competition = self.contest.file, self.contest.competition
        return compare(
            competition, scorer, ledger, runs, baseline, self.references,
            metrics=file.metrics, test=file.test,
        )  # fmt: skip


def refuse_file(out: Path) -> None:
    """Raise :class:`InputError` where the folder of the results would be a file."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; 'out' must be a folder for the results.")
