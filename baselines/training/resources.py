"""Memory or disk space that does not suffice, said as what it is."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from baselines.training.workspace import Workspace
from submission.errors import Stopped
from submission.files.atomic import no_room
from submission.machine.memory import out_of_memory

P = ParamSpec("P")
R = TypeVar("R")


def within_resources(work: Callable[P, R]) -> Callable[P, R]:
    """``work``, which makes ``out``, but a full memory or disk raises :class:`Stopped`."""
    signature = inspect.signature(work)

    @wraps(work)
    def wrapped(*arguments: P.args, **named: P.kwargs) -> R:
        out: Path = signature.bind(*arguments, **named).arguments["out"]
        try:
            return work(*arguments, **named)
        except Stopped as error:
            raise Stopped(f"{error}{_kept(out)}") from error
        except Exception as error:
            # Where a whole folder could not be written, the reason is behind what is said of it.
            if no_room(error) or (error.__cause__ is not None and no_room(error.__cause__)):
                raise Stopped(f"{out}: no room left on the disk. {_FREE}{_kept(out)}") from error
            if out_of_memory(error):
                raise Stopped(f"Out of memory outside the batches. {_SAVE}{_kept(out)}") from error
            raise

    return wrapped


_FREE = "Free some space, and try again."
_SAVE = (
    "Model and optimizer take less with training.method=qlora, training.optimizer=adamw_8bit or a "
    "smaller training.lora.rank; or use a smaller model."
)


def _kept(out: Path) -> str:
    kept = Workspace.of(out).latest() is not None
    return " Checkpoints are kept: --resume continues from them." if kept else ""
