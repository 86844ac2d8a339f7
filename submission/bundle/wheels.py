"""The packages of ``requirements.txt`` as wheels, for a machine without a network."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

from submission.errors import InputError

_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64")


def download_wheels(folder: Path, python: str | None) -> None:
    """Download what ``requirements.txt`` names, and all it needs, into ``wheels/``.

    Raises :class:`InputError` where pip cannot: without a network, or for a version that there is
    not.
    """
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:",
        "--dest", str(folder / "wheels"), "--requirement", str(folder / "requirements.txt"),
    ]  # fmt: skip
    if python is not None and not platform.python_version().startswith(python):
        command += ["--python-version", python, "--implementation", "cp"]
        for name in _PLATFORMS:
            command += ["--platform", name]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
        reason = lines[-1].removeprefix("ERROR: ") if lines else "pip failed"
        raise InputError(f"--wheels: {reason}. Without --wheels the bundle has none.")
