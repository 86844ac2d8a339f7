"""What a package must not have: imports of leaderkit, places of one machine, secrets."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from submission.bundle.target import OLDEST_PYTHON
from submission.errors import InputError

OWN_PACKAGES = ("submission", "evaluators", "baselines", "data_sample", "leaderkit")
# What every Linux machine has is no place of one.
_ABSOLUTE = re.compile(
    r"(?!/(?:dev|proc|sys)/)(?:~?/|[A-Za-z]:[\\/])[\w.-]+(?:[\\/][\w. -]+)+[\\/]?"
)
_SECRET = re.compile(r"(?:KEY|TOKEN|SECRET|PASSWORD)$")
_SHORTEST_SECRET = 8
_TABLES = (".csv", ".tsv")
_TEXTS = (".py", ".md", ".txt", ".json", ".jsonl", ".jinja", *_TABLES)


def code_problems(folder: Path) -> list[str]:
    """What keeps the Python files in ``folder`` from running elsewhere, each with its place."""
    return [
        f"{path.relative_to(folder)}{problem}"
        for path in sorted(folder.rglob("*.py"))
        for problem in _problems(path, _leaderkits(path.parent))
    ]


def _leaderkits(folder: Path) -> set[str]:
    """The packages that are leaderkit's, but for modules of the same name beside a script."""
    return {
        name
        for name in OWN_PACKAGES
        if not (folder / f"{name}.py").is_file() and not (folder / name).is_dir()
    }


def _problems(path: Path, leaderkits: set[str]) -> Iterator[str]:
    try:
        tree = ast.parse(path.read_bytes(), feature_version=OLDEST_PYTHON)
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        yield f"{f', line {line}' if line else ''}: {getattr(error, 'msg', error)}"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [node.module or ""]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _ABSOLUTE.fullmatch(node.value):
                yield f", line {node.lineno}: has the absolute path {node.value!r}"
            continue
        else:
            continue
        for name in names:
            if name.partition(".")[0] in leaderkits:
                yield f", line {node.lineno}: imports {name}, which is part of leaderkit"


def portable(value: Any) -> Any:
    """A JSON value in which absolute paths are the names of their files and folders."""
    if isinstance(value, Mapping):
        return {name: portable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [portable(each) for each in value]
    if isinstance(value, str) and PurePath(value).is_absolute():
        return PurePath(value).name
    return value


def refuse_private(folder: Path) -> None:
    """Raise :class:`InputError` where a text file holds a secret of the environment or a place.

    Places are the home folder and the working folder. What is looked for is never shown.
    """
    secrets = {
        f"the value of {name}": value
        for name, value in os.environ.items()
        if _SECRET.search(name.upper()) and len(value) >= _SHORTEST_SECRET
    }
    places = {"the home folder": str(Path.home()), "the working folder": str(Path.cwd())}
    everything = secrets | {what: f"{place}/" for what, place in places.items() if len(place) > 1}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in _TEXTS or not path.is_file():
            continue
        text = path.read_text("utf-8", errors="replace")
        # The organizer's rows may speak of any place.
        private = secrets if path.suffix in _TABLES else everything
        for what, value in private.items():
            if value in text:
                raise InputError(
                    f"{path.relative_to(folder)} would hold {what}. Remove it from the recipe, or "
                    "from the model's own files."
                )
