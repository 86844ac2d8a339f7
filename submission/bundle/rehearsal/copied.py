"""A bundle's folder as a rehearsal finds it, and the copy that it works in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from submission.bundle.model import copy_file
from submission.bundle.write import ABOUT, EXPECTED, PROVENANCE, SUMS
from submission.errors import InputError, few
from submission.files.atomic import no_room
from submission.files.digest import sha256_file
from submission.files.model_files import read_json

FileStates = Mapping[str, tuple[int, int]]


def read_about(folder: Path) -> dict[str, Any]:
    """What the bundle says of itself.

    Raises :class:`InputError` for a folder that is no bundle, or lacks its weights.
    """
    path = folder / ABOUT
    if not path.is_file():
        raise InputError(
            f"{folder}: no {ABOUT} in it. Give a folder that leaderkit bundle RUN --out wrote."
        )
    about = read_json(path)
    lacking = {"script", "submission", "id", "rows", "target", "requirements"} - about.keys()
    if lacking:
        raise InputError(f"{path}: lacks {few(sorted(lacking))}; write the bundle again.")
    for name in read_json(folder / PROVENANCE)["weights"]:
        if not (folder / name).is_file():
            raise InputError(
                f"{folder}: {name} is not there. Put the weights in their place first, as "
                "README.md says."
            )
    return about


def changed_files(folder: Path) -> list[str]:
    """What is not as it was when the bundle was written."""
    lines = (folder / SUMS).read_text("utf-8").splitlines() if (folder / SUMS).is_file() else []
    sums = [(line[66:], line[:64]) for line in lines]
    changed = [
        name
        for name, digest in sums
        if not (folder / name).is_file() or sha256_file(folder / name) != digest
    ]
    return [f"changed since the bundle was written: {few(changed)}"] if changed else []


def copy_bundle(folder: Path, copy: Path) -> None:
    """The bundle without the submission that it is to write.

    Raises :class:`InputError` where there is no room for it.
    """
    left_out = shutil.ignore_patterns("__pycache__")

    def ignore(place: str, names: list[str]) -> set[str]:
        top = Path(place) == folder
        return {*left_out(place, names)} | ({EXPECTED} & {*names} if top else set())

    try:
        shutil.copytree(
            folder,
            copy,
            ignore=ignore,
            copy_function=lambda one, two: copy_file(Path(one), Path(two)),
        )
    except OSError as error:
        if no_room(error):
            raise InputError(
                f"{folder}: a rehearsal works in a copy beside the bundle, for which there is no "
                "room on the disk. Free some, or move the bundle to a larger disk."
            ) from error
        raise


@contextmanager
def read_only(copy: Path) -> Iterator[None]:
    """No file can be put into, or removed from, the folders in the copy."""
    folders = [path for path in copy.rglob("*") if path.is_dir()]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


def file_states(copy: Path) -> FileStates:
    """Every file's size and time of change, in nanoseconds."""
    return {
        str(path.relative_to(copy)): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in copy.rglob("*")
        if path.is_file()
    }


def touched_files(before: FileStates, after: FileStates, submission: str) -> list[str]:
    """Files of the bundle that were changed or removed, and new ones but for the submission."""
    changed = [name for name in before if after.get(name) != before[name]]
    return [*changed, *(name for name in after if name not in before and name != submission)]
