"""What is scored and compared: runs of the ledger, and files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from submission.competitions.profile import Profile
from submission.errors import InputError, nearest
from submission.files.digest import sha256_file
from submission.files.named import named
from submission.records.fields import canonical
from submission.records.labels import label_reader, of_probabilities
from submission.records.predictions import read_predictions
from submission.records.read import read_references
from submission.records.rows import Prediction, References
from submission.runs.answers import Answer, run_answers
from submission.runs.ledger import Ledger


class Fallback(NamedTuple):
    """The run whose answers stand in for missing ones, and for how many rows."""

    run: str
    rows: int


@dataclass(frozen=True)
class Subject:
    """What is scored: a run of the ledger, a file of answers made elsewhere, or the runs or files
    over all folds.

    ``answers`` are those of runs, with what is degenerate about each; a file has none. With a
    ``fallback`` some predictions are another run's.
    """

    name: str
    kind: Literal["run", "file", "folds"]
    predictions: Sequence[Prediction]
    answers: Sequence[Answer] = ()
    fallback: Fallback | None = None


def require_competition(ledger: Ledger, run: str, competition: str) -> None:
    """Raise :class:`InputError` for a run that was made for another competition."""
    made_for = ledger.run(run).competition
    if made_for != competition:
        raise InputError(
            f"Run '{run}' was made for competition '{made_for}', not '{competition}': "
            f"give -c {made_for}, or another run."
        )


def run_subject(profile: Profile, ledger: Ledger, run: str) -> Subject:
    """A finished run as a subject; its predictions are what a submission of it would hold.

    Labels that its answers choose in words are read; where they were chosen by likelihood, so are
    the ranks or probabilities of the others.
    """
    answers = run_answers(ledger, run)
    return Subject(run, "run", _predictions(profile, answers), answers)


def _predictions(profile: Profile, answers: Sequence[Answer]) -> list[Prediction]:
    read, fields = label_reader(profile.submission), profile.submission.fields

    def submitted(answer: Answer) -> str:
        known = answer.probabilities
        ranked = of_probabilities(profile.submission, known) if known else None
        return read(answer.text) if ranked is None else ranked

    return [Prediction(each.id, canonical(fields, submitted(each))) for each in answers]


def with_fallback(profile: Profile, ledger: Ledger, run: str, fallback: str) -> Subject:
    """What ``run`` has answered by now, and the answers of ``fallback`` to all other rows.

    An empty answer is none. Raises :class:`InputError` for a fallback that is not finished.
    """
    other = run_subject(profile, ledger, fallback)
    answers = [
        answer
        for answer in (run_answers(ledger, run, partial=True) if ledger.has_run(run) else [])
        if answer.text.strip()
    ]
    own = {each.id: each for each in _predictions(profile, answers)}
    missing = sum(each.id not in own for each in other.predictions)
    return Subject(
        run if answers else fallback,
        "run",
        [own.get(each.id, each) for each in other.predictions],
        answers,
        Fallback(fallback, missing),
    )


def fallback_alone(profile: Profile, ledger: Ledger, fallback: str) -> Subject:
    """As :func:`with_fallback` of a run that has answered nothing."""
    rows = run_subject(profile, ledger, fallback).predictions
    return Subject(fallback, "run", rows, (), Fallback(fallback, len(rows)))


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
    return _checked_run(profile, ledger, run, competition)


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
        return _checked_run(profile, ledger, name, competition)
    path = named(name)
    if path.is_file():
        return file_subject(profile, path, None)
    if ledger is None:
        raise InputError(f"'{name}' is not a file, and there is no ledger with runs.")
    names = nearest((run.name for run in ledger.runs()), name) or "none"
    raise InputError(f"'{name}' is neither a run of {ledger.path} (it has {names}) nor a file.")


def _checked_run(profile: Profile, ledger: Ledger, run: str, competition: str | None) -> Subject:
    if competition is not None:
        require_competition(ledger, run, competition)
    return run_subject(profile, ledger, run)
