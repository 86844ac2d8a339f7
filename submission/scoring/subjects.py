"""What is scored and compared: runs of the ledger, and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from submission.competitions.profile import Profile
from submission.errors import InputError
from submission.files.digest import sha256_file
from submission.files.named import named
from submission.records.read import read_predictions, read_references
from submission.records.rows import Prediction, References
from submission.runs.answers import Answer, run_answers
from submission.runs.ledger import Ledger


@dataclass(frozen=True)
class Subject:
    """What is scored: a run of the ledger, or a file of answers made elsewhere.

    ``answers`` are a run's, with what is degenerate about each; a file has none.
    """

    name: str
    kind: Literal["run", "file"]
    predictions: Sequence[Prediction]
    answers: Sequence[Answer] = ()


def require_competition(ledger: Ledger, run: str, competition: str) -> None:
    """Raise :class:`InputError` for a run that was made for another competition."""
    made_for = ledger.run(run).competition
    if made_for != competition:
        raise InputError(
            f"Run '{run}' was made for competition '{made_for}', not '{competition}': "
            f"give -c {made_for}, or another run."
        )


def run_subject(ledger: Ledger, run: str) -> Subject:
    """A finished run as a subject."""
    answers = run_answers(ledger, run)
    predictions = [Prediction(answer.id, answer.text) for answer in answers]
    return Subject(run, "run", predictions, answers)


def file_subject(profile: Profile, path: Path, answer_column: str | None) -> Subject:
    """A file of predictions as a subject."""
    predictions = read_predictions(profile, path, answer_column)
    return Subject(str(path), "file", predictions)


def choose_subject(
    profile: Profile,
    ledger: Ledger | None,
    run: str | None,
    predictions: Path | None,
    answer_column: str | None = None,
    *,
    competition: str | None,
) -> Subject:
    """The run of the ledger or the file, whichever is given.

    Raises :class:`InputError` for both or neither, and for a run of another ``competition``, if one
    is named.
    """
    if predictions is not None and run is None:
        return file_subject(profile, predictions, answer_column)
    if run is None or predictions is not None:
        raise InputError("Give either --run NAME or --predictions FILE.")
    if ledger is None:
        raise ValueError("a run is read from a ledger, and there is none")
    return _checked_run(ledger, run, competition)


def load_references(profile: Profile, path: Path, answer_columns: Sequence[str] = ()) -> References:
    """The references file of a competition."""
    return References(read_references(profile, path, answer_columns), path, sha256_file(path))


def find_subject(
    profile: Profile, ledger: Ledger | None, name: str, *, competition: str | None
) -> Subject:
    """The run of the ledger called ``name``, else the file.

    Raises :class:`InputError` where it is neither, and for a run of another ``competition``, if one
    is named.
    """
    if ledger is not None and ledger.has_run(name):
        return _checked_run(ledger, name, competition)
    path = named(name)
    if path.is_file():
        return file_subject(profile, path, None)
    if ledger is None:
        raise InputError(f"'{name}' is not a file, and there is no ledger with runs.")
    names = ", ".join(run.name for run in ledger.runs()) or "none"
    raise InputError(f"'{name}' is neither a run of {ledger.path} (it has {names}) nor a file.")


def _checked_run(ledger: Ledger, run: str, competition: str | None) -> Subject:
    if competition is not None:
        require_competition(ledger, run, competition)
    return run_subject(ledger, run)
