"""Files and folders that a user names: in options, arguments and TOML files.

Whatever a user names is turned into a path here, so that a name which the operating system does
not take is refused in one way, before anything else is asked of it.
"""

from __future__ import annotations

from pathlib import Path

from evaluators.errors import EvaluationError
from evaluators.paths import local_path
from submission.errors import InputError


def named(name: str | Path) -> Path:
    """``name`` as a path, ``~`` written out, whether anything is there or not.

    Raises :class:`InputError` where nothing can be: a name that is too long or holds a NUL, links
    in a circle, a folder that may not be entered, the home of a user that there is not.
    """
    try:
        return local_path(name)
    except EvaluationError as error:
        raise InputError(f"{error}.") from None


def named_file(name: str | Path) -> Path:
    """The file called ``name``. Raises :class:`InputError` where there is none, or a folder."""
    path = named(name)
    if path.is_dir():
        raise InputError(f"{path}: is a folder; give the name of a file.")
    if not path.exists():
        raise InputError(f"{path}: there is no such file.")
    return path


def named_text(name: str | Path) -> str:
    """The text of the file called ``name``, which is UTF-8, with or without a byte order mark.

    Raises :class:`InputError` where there is none, or where it cannot be read.
    """
    path = named_file(name)
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 (byte {error.start}). Save it as UTF-8.") from None


def beside(folder: Path, name: str | Path) -> Path:
    """What a file in ``folder`` calls ``name``; raises what :func:`named` raises."""
    return named(folder / named(name))
