"""What goes wrong in a competition's own code, told with its file and line."""

from __future__ import annotations

import traceback
from pathlib import Path

from evaluators import EvaluationError
from submission.errors import InputError, LeaderkitError

MODULE_PREFIX = "leaderkit_formula_"
"""How the modules are called that a competition's code is loaded as."""


def told(error: BaseException) -> InputError | None:
    """``error`` as a message, with the line of the competition's code that it came out of.

    None for one that did not come out of such code. What the code itself raises as an
    ``EvaluationError`` or :class:`LeaderkitError` is a message already, and is kept as it is.
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    own = [(f.f_code.co_filename, line) for f, line in frames if _is_own(f.f_globals)]
    if not own:
        return None
    meant = isinstance(error, EvaluationError | LeaderkitError)
    if meant and _is_own(frames[-1][0].f_globals):
        return InputError(str(error))
    path, line = own[-1]
    return InputError(f"{path}, line {line}: {error if meant else described(error)}")


def unusable(path: Path, error: BaseException) -> InputError:
    """Why the code in ``path`` cannot be loaded."""
    if isinstance(error, SyntaxError) and error.filename == str(path):
        return InputError(f"{path}, line {error.lineno}: {described(error)}")
    return told(error) or InputError(f"{path}: {described(error)}")


def described(error: BaseException) -> str:
    """The kind of the error and what it says."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _is_own(names: dict[str, object]) -> bool:
    return str(names.get("__name__", "")).startswith(MODULE_PREFIX)
