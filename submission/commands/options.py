"""Options that several commands share, spelled once."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import rich_click as click

if TYPE_CHECKING:
    from submission.runs.ledger import Ledger

ReferencesBy = Literal["first", "mean", "max"]
Function = TypeVar("Function", bound=Callable[..., Any])
Decorator = Callable[[Function], Function]

# LARGEST_SEED of the recipes, which a help text does not load.
TRAINING_SEED = click.IntRange(0, 2**32 - 1)


class UserPath(click.ParamType[Path]):
    """A path that the user names; with ``reads`` it is a file that has to be there."""

    name = "path"

    def __init__(self, *, reads: bool = False) -> None:
        self.reads = reads

    def convert(self, value: Any, param: object, ctx: object) -> Path:  # noqa: ARG002
        """The path; raises ``InputError`` where it cannot be one."""
        from submission.files.named import named, named_file

        return named_file(value) if self.reads else named(value)


class UserName(click.ParamType[str]):
    """The name of something that may be given as a path instead; it stays as it was typed."""

    name = "text"

    def convert(self, value: Any, param: object, ctx: object) -> str:  # noqa: ARG002
        """The name; raises ``InputError`` where it is none, and cannot be a path."""
        from submission.files.named import named

        named(value)
        return str(value)


class Seconds(click.ParamType[float]):
    """A length of time: ``90s``, ``270m``, ``4h30m``; a number alone is seconds."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """The seconds."""
        if isinstance(value, float):
            return value
        found = _TIME.fullmatch(str(value).strip())
        seconds = sum(
            float(number or 0) * unit
            for number, unit in zip(found.groups() if found else (), (3600, 60, 1), strict=False)
        )
        if seconds <= 0:
            self.fail(f"'{value}' is not a length of time such as 90s, 270m or 4h30m", param, ctx)
        return seconds


_TIME = re.compile(r"(?:(\d*\.?\d+)h)?(?:(\d*\.?\d+)m(?:in)?)?(?:(\d*\.?\d+)s?)?")

FILE = UserPath(reads=True)
"""A file that is read."""
PLACE = UserPath()
"""A file or folder that is written, or need not be there."""
NAME = UserName()


def competition(*, required: bool = True) -> Decorator[Any]:
    """``-c NAME`` or ``-c path/to/folder``."""
    return click.option(
        "-c",
        "--competition",
        type=NAME,
        metavar="NAME|FOLDER",
        required=required,
        help="A competition's name, or a folder of your own.",
    )


def ledger() -> Decorator[Any]:
    """``--ledger FILE``."""
    return click.option(
        "--ledger",
        type=PLACE,
        default=Path("runs/ledger.db"),
        show_default=True,
        envvar="LEADERKIT_LEDGER",
        help="The ledger, where runs are kept.",
    )


def open_existing(path: Path) -> Ledger:
    """The ledger at ``path``, for commands that only read: they never make a new one."""
    from submission.errors import InputError
    from submission.runs.ledger import Ledger

    if not path.is_file():
        raise InputError(
            f"no ledger at {path}. leaderkit generate creates one; --ledger names another."
        )
    return Ledger(path)


def open_for(run: str | None, path: Path) -> Ledger:
    """The ledger at ``path``: the one that has ``run``, or a new one where no run is asked for."""
    from submission.runs.ledger import Ledger

    return Ledger(path) if run is None else open_existing(path)


def open_if_there(path: Path) -> AbstractContextManager[Ledger | None]:
    """The ledger at ``path``, or none: for commands that files alone are enough for."""
    from submission.runs.ledger import Ledger

    return Ledger(path) if path.is_file() else nullcontext()


def as_json() -> Decorator[Any]:
    """``--json``."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Machine-readable output on standard output."
    )


def encoder() -> Decorator[Any]:
    """``--encoder M``."""
    return click.option(
        "--encoder",
        type=NAME,
        metavar="NAME|PATH|offline",
        envvar="LEADERKIT_ENCODER",
        help="Sentence encoder instead of the organizer's: a local copy of it, or 'offline' "
        "(hashed character n-grams; a proxy, not for upload).",
    )


def metrics() -> Decorator[Any]:
    """``--metric SPEC`` and ``--metric-model METRIC=PATH``, repeatable, and ``--fast``."""

    def decorate(function: Any) -> Any:
        for option in (
            click.option(
                "--fast",
                is_flag=True,
                help="Compute BERTScore in bfloat16, and measure the difference.",
            ),
            click.option(
                "--metric-model",
                "metric_models",
                multiple=True,
                metavar="METRIC=PATH",
                help=(
                    "Model for a metric, also in the formula: bertscore=FOLDER. A folder with "
                    "the name of the organizer's model counts as a copy of it; any other model "
                    "makes the score a proxy. Repeatable."
                ),
            ),
            click.option(
                "--metric",
                "metrics",
                multiple=True,
                metavar="SPEC",
                help="Additional metric: NAME[:key=value,…], such as f1:rule=korquad1. Repeatable.",
            ),
        ):
            function = option(function)
        return function

    return decorate


def references_by() -> Decorator[Any]:
    """``--references-by RULE``."""
    return click.option(
        "--references-by",
        type=click.Choice(["first", "mean", "max"]),
        help="How several references of a row are combined, instead of the profile's way.",
    )


def subject() -> Decorator[Any]:
    """``--run NAME`` or ``--predictions FILE [--answer-column COLUMN]``."""

    def decorate(function: Any) -> Any:
        for option in (
            click.option("--run", "run_name", metavar="NAME", help="A finished run in the ledger."),
            click.option(
                "--predictions", type=FILE, help="Answers made elsewhere: id and answer columns."
            ),
            click.option(
                "--answer-column", metavar="COLUMN", help="Answer column of --predictions."
            ),
        ):
            function = option(function)
        return function

    return decorate


def folds() -> Decorator[Any]:
    """``--folds DIR``, instead of ``--references``."""
    return click.option(
        "--folds",
        type=PLACE,
        metavar="DIR",
        help="Instead of --references: the folder of leaderkit holdout --folds. A name stands for "
        "the runs NAME-fold-1, NAME-fold-2, …, and {fold} in a name of files for the number.",
    )


def overrides() -> Decorator[Any]:
    """``--set KEY=VALUE``, repeatable."""
    return click.option(
        "--set",
        "overrides",
        multiple=True,
        metavar="KEY=VALUE",
        help="Override a recipe field, such as sampling.max_tokens=64. Repeatable.",
    )


def plain(item: Any) -> dict[str, Any]:
    """A flat dataclass as JSON values."""
    return asdict(item)


def command_line(arguments: Sequence[str] | None = None) -> str:
    """The command as typed, for manifests. No option of this program carries a secret."""
    return shlex.join(["leaderkit", *(sys.argv[1:] if arguments is None else arguments)])
