"""Whether the rows of a training file were ever held against a test file: ``FILE.corpus.json``."""

from __future__ import annotations

import json
from pathlib import Path

SIDECAR = ".corpus.json"


def sidecar_of(path: Path) -> Path:
    """What says of the file at ``path`` which corpus it was exported from."""
    return path.with_name(path.name + SIDECAR)


def unchecked(path: Path) -> str | None:
    """A warning where a training file was exported from a corpus without a leak check.

    None where it was checked, and where nothing is known of the file: then it is no corpus's.
    """
    try:
        told = json.loads(sidecar_of(path).read_bytes())
    except (OSError, ValueError):
        return None
    if not isinstance(told, dict) or "leak" not in told or told["leak"] is not None:
        return None
    return (
        f"{path}: was exported from a corpus that was never held against the test file; rows of "
        "it may be there: leaderkit corpus leak CORPUS --test TEST --out FOLDER"
    )
