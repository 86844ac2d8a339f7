"""What goes wrong for a reason the caller can correct."""

from __future__ import annotations

from typing import TypeVar

_Known = TypeVar("_Known", bound=str)


class EvaluationError(ValueError):
    """A bad metric spec, bad input, or a model that cannot be loaded.

    The message is one sentence that says what is wrong and, where there is one, which option helps.
    """


class ModelUnavailableError(EvaluationError):
    """A model that is not there or cannot be read: a copy of it in a folder would help."""


class LibraryUnavailableError(EvaluationError):
    """An optional library that is not installed."""


def one_of(option: str, value: str, choices: tuple[_Known, ...]) -> _Known:
    """Return ``value`` if it is one of ``choices``; raises EvaluationError that lists them."""
    for known in choices:
        if value == known:
            return known
    raise EvaluationError(f"{option}={value!r} is unknown: use one of {', '.join(choices)}")
