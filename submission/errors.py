"""The errors that leaderkit raises on purpose, and how a place in a file is named in them.

Every message says what is wrong, where, and what to do; the command line prints it without a
traceback and ends with the class's exit code.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, Self

from evaluators.text.listed import MOST_LISTED, few, nearest

__all__ = [
    "MOST_LISTED",
    "CheckFailed",
    "InputError",
    "LeaderkitError",
    "Stopped",
    "few",
    "locate",
    "nearest",
    "sentence",
]


class LeaderkitError(Exception):
    """Base of every error that a person is meant to read."""

    exit_code: ClassVar[int] = 2


class InputError(LeaderkitError):
    """A file, an option or a setting cannot be used.

    ``problems`` are the things that are wrong: the message itself, or what :meth:`listing` was
    given, in words that do not repeat where it was found.
    """

    def __init__(self, message: str, problems: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.problems = tuple(problems) or (message,)

    @classmethod
    def listing(
        cls, where: str | Path, problems: Iterable[str], most: int | None = MOST_LISTED
    ) -> Self:
        """Everything that is wrong in ``where``, each problem once.

        A single problem stands behind the place; of several the first ``most`` are listed (None:
        all), and the others counted.
        """
        different = tuple(dict.fromkeys(problems))
        if len(different) == 1:
            return cls(f"{where}: {sentence(different[0])}", different)
        listed = [f"  - {sentence(problem)}" for problem in different[:most]]
        if len(different) > len(listed):
            listed.append(f"  and {len(different) - len(listed)} more.")
        return cls("\n".join([f"{where}: {len(different)} problems:", *listed]), different)


class CheckFailed(LeaderkitError):  # noqa: N818 -- a "no" that was asked for, not a malfunction
    """A check ran to its end and says no."""

    exit_code = 1


class Stopped(LeaderkitError):  # noqa: N818 -- work ended early, nothing went wrong with it
    """Work stopped before its end; what was finished is kept."""

    exit_code = 3


def sentence(text: str) -> str:
    """``text`` with the full stop that every message ends with."""
    return text if text.endswith((".", "!", "?", "…", ":")) else f"{text}."


def locate(path: str | Path, row: int | None = None, column: str | None = None) -> str:
    """Name a place in a table file: ``file.csv, row 12, column '질문'``.

    ``row`` is the line on which the record starts, the header being line 1; in a ``.json`` array
    it is the number of the element, from 1 (``item 3``).
    """
    place = str(path)
    if row is not None:
        place += f", {'item' if Path(path).suffix.lower() == '.json' else 'row'} {row}"
    if column is not None:
        place += f", column {column!r}"
    return place
