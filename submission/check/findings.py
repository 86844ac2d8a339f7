"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

ERRORS = frozenset(
    {
        *("size", "suffix", "bom", "encoding", "unreadable", "manifest"),
        *("columns-missing", "columns-extra", "columns-order", "kept-changed"),
        *("row-count", "ids-duplicate", "ids-missing", "ids-unknown", "ids-order", "ids-type"),
        *("answer-type", "label-unknown", "list-length", "list-repeats"),
        *("probability", "probability-sum", "text-empty", "text-length", "text-na"),
        *("vector-not-a-number", "vector-not-finite", "vector-not-of-text", "vector-zero"),
    }
)
"""The codes of what can be wrong with a file, at which a scorer may stop."""


class Severity(StrEnum):
    """Errors fail the check; warnings do not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: ``code`` for programs, ``message`` for people.

    ``row`` is the first place in the submission file, ``count`` how many there are.
    """

    severity: Severity
    code: str
    message: str
    row: int | None = None
    column: str | None = None
    count: int = 1


def error(
    code: str, message: str, *, row: int | None = None, column: str | None = None, count: int = 1
) -> Finding:
    """A finding that makes the submission unfit."""
    return Finding(Severity.ERROR, code, message, row, column, count)


def warning(
    code: str, message: str, *, row: int | None = None, column: str | None = None, count: int = 1
) -> Finding:
    """A finding that may be meant."""
    return Finding(Severity.WARNING, code, message, row, column, count)
