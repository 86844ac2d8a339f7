"""What becomes of an error that nobody expected: one message, and a file for those who mend it."""

from __future__ import annotations

import tempfile
import traceback
from pathlib import Path

from evaluators.text.cells import shortened
from submission import __version__

EXIT_CODE = 70
"""EX_SOFTWARE of sysexits.h: neither a bad input nor a check that says no."""

LONGEST = 300


def report(error: BaseException) -> str:
    """Write the traceback into a file that only this user can read; the message that names it."""
    lines = "".join(traceback.format_exception(error))
    what = f"{type(error).__name__}: {error}".rstrip(": ")
    shown = shortened(" ".join(what.split()), LONGEST)
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="leaderkit-", suffix=".txt", delete=False, encoding="utf-8",
            errors="backslashreplace",
        ) as file:  # fmt: skip
            file.write(f"leaderkit {__version__}\n{lines}")
    except OSError:
        return f"this is a bug in leaderkit; please report it with this text:\n{lines}"
    return (
        f"{shown}: this is a bug in leaderkit. What was finished is kept. Please report it with "
        f"the traceback in {Path(file.name)}"
    )
