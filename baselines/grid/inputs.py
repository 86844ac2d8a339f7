"""What a grid's files hold, read and tried before anything is generated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from baselines.grid.cells import Trial
from baselines.grid.schema import GridFile
from submission.competitions import Competition, find_competition
from submission.errors import InputError
from submission.generation.generate import Job
from submission.records.read import read_questions
from submission.records.rows import Prediction, Question, Reference
from submission.scoring.metrics import Models
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import load_references


@dataclass(frozen=True)
class Inputs:
    """The questions and references of a grid's file."""

    file: GridFile
    competition: Competition
    questions: Sequence[Question]
    references: Sequence[Reference]
    references_file: Path

    @classmethod
    def read(cls, file: GridFile) -> Inputs:
        """Read them. Raises :class:`InputError` for files that cannot be read."""
        if file.references is None:
            raise InputError("'references' is missing: there is nothing to score answers against.")
        competition = find_competition(file.competition)
        return cls(
            file,
            competition,
            read_questions(competition.profile, file.test),
            load_references(competition, file.references),
            file.references,
        )

    def require(self, scorer: Scorer, metrics: Iterable[str | None]) -> None:
        """See that answers to these questions can be scored.

        Raises :class:`InputError` where test file and references do not fit, ``EvaluationError``
        where a metric cannot be had. None is the competition's own.
        """
        asked = [Prediction(each.id, "") for each in self.questions]
        scorer.examples(asked, self.references, str(self.file.test))
        for metric in metrics:
            scorer.metric_of(metric)


def scorer_for(file: GridFile, competition: Competition) -> Scorer:
    """A new scorer, so that its models are not kept for longer than it is."""
    models = Models.read([f"{metric}={model}" for metric, model in file.metric_models.items()])
    return Scorer(competition, file.encoder, models=models)


def job_for(
    file: GridFile, competition: Competition, trial: Trial, *, command: str, fresh: bool
) -> Job:
    """What is generated for a trial."""
    return Job(
        run=trial.run,
        recipe=trial.recipe,
        competition=competition,
        test=file.test,
        train=file.train,
        encoder=file.encoder,
        fresh=fresh,
        command=command,
    )


def refuse_file(out: Path) -> None:
    """Raise :class:`InputError` where the folder of the results would be a file."""
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file; 'out' is the folder of the results.")
