"""What is scored and compared: runs of the ledger, and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from submission.competitions import Competition
from submission.errors import InputError
from submission.files.named import named
from submission.records.read import read_predictions, read_references
from submission.records.rows import Prediction, Reference
from submission.runs.answers import run_answers
from submission.runs.ledger import Ledger


@dataclass(frozen=True)
class Subject:
    """What is scored: a run of the ledger, or a file of answers made elsewhere."""

    name: str
    kind: Literal["run", "file"]
    predictions: Sequence[Prediction]


def require_competition(ledger: Ledger, run: str, competition: Competition) -> None:
    """Raise :class:`InputError` for a run that was made for another competition."""
    made_for = ledger.run(run).competition
    if made_for != competition.name:
        raise InputError(
            f"Run '{run}' was made for competition '{made_for}', not '{competition.name}': "
            f"give -c {made_for}, or another run."
        )


def run_subject(ledger: Ledger, run: str) -> Subject:
    """A finished run as a subject."""
    answers = run_answers(ledger, run)
    return Subject(run, "run", [Prediction(answer.id, answer.text) for answer in answers])


def file_subject(competition: Competition, path: Path, answer_column: str | None) -> Subject:
    """A file of predictions as a subject."""
    predictions = read_predictions(competition.profile, path, answer_column)
    return Subject(str(path), "file", predictions)


def choose_subject(
    competition: Competition,
    ledger: Ledger | None,
    run: str | None,
    predictions: Path | None,
    answer_column: str | None = None,
) -> Subject:
    """The run of the ledger or the file, whichever is given.

    Raises :class:`InputError` for both or neither, and for a run of another competition.
    """
    if (run is None) == (predictions is None):
        raise InputError("Give either --run NAME or --predictions FILE.")
    if run is not None and ledger is not None:
        if competition.folder:
            require_competition(ledger, run, competition)
        return run_subject(ledger, run)
    if predictions is None:
        raise AssertionError
    return file_subject(competition, predictions, answer_column)


def load_references(
    competition: Competition, path: Path, answer_columns: Sequence[str] = ()
) -> list[Reference]:
    """The references file of a competition."""
    return read_references(competition.profile, path, answer_columns)


def find_subject(competition: Competition, ledger: Ledger | None, name: str) -> Subject:
    """The run of the ledger called ``name``, else the file.

    Raises :class:`InputError` where it is neither, and for a run of another competition.
    """
    if ledger is not None and ledger.has_run(name):
        require_competition(ledger, name, competition)
        return run_subject(ledger, name)
    path = named(name)
    if path.is_file():
        return file_subject(competition, path, None)
    if ledger is None:
        raise InputError(
            f"'{name}' is not a file, and there is no ledger that it could be a run of."
        )
    names = ", ".join(run.name for run in ledger.runs()) or "none"
    raise InputError(f"'{name}' is neither a run of {ledger.path} (it has {names}) nor a file.")
