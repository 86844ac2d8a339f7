"""What is compared: runs of the ledger, and files."""

from __future__ import annotations

from pathlib import Path

from submission.competitions import Competition
from submission.errors import InputError
from submission.ledger import Ledger
from submission.scoring import Subject, file_subject, require_competition, run_subject


def find_subject(competition: Competition, ledger: Ledger | None, name: str) -> Subject:
    """The run of the ledger called ``name``, else the file.

    Raises :class:`InputError` where it is neither, and for a run of another competition.
    """
    if ledger is not None and ledger.has_run(name):
        require_competition(ledger, name, competition)
        return run_subject(ledger, name)
    if Path(name).is_file():
        return file_subject(competition, Path(name), None)
    if ledger is None:
        raise InputError(
            f"'{name}' is not a file, and there is no ledger that it could be a run of."
        )
    names = ", ".join(run.name for run in ledger.runs()) or "none"
    raise InputError(f"'{name}' is neither a run of {ledger.path} (it has {names}) nor a file.")
