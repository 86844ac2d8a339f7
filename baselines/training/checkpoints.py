"""Where an unfinished training is kept, so that it goes on after it was killed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from transformers import TrainerCallback

from submission.atomic import sync_tree, write_bytes
from submission.errors import InputError
from submission.models import digest

_IDENTITY = "training.json"
_WHOLE = "whole.json"
_PREFIX = "checkpoint-"
_LONGEST_NAME = 255


@dataclass(frozen=True)
class Checkpoint:
    """The state of training after ``step`` optimizer steps that took ``seconds``."""

    folder: Path
    step: int
    seconds: float


@dataclass(frozen=True)
class Workspace:
    """The folder beside the adapter-to-be that holds the checkpoints."""

    folder: Path

    @classmethod
    def of(cls, out: Path) -> Self:
        """The workspace of the training that will become ``out``."""
        name = f"{out.name}.training"
        if len(name.encode()) > _LONGEST_NAME:
            name = f"{digest([out.name])[:16]}.training"
        return cls(out.with_name(name))

    def latest(self) -> Checkpoint | None:
        """The last checkpoint that was written to its end."""
        found = [_checkpoint(marker) for marker in self.folder.glob(f"{_PREFIX}*/{_WHOLE}")]
        return max(found, key=lambda checkpoint: checkpoint.step, default=None)

    def keep(self, step: int, model: Any) -> None:
        """Write what is trained of ``model``, as it is after ``step``."""
        from safetensors.torch import save_file

        tensors = {
            name: tensor.detach().contiguous().cpu()
            for name, tensor in model.named_parameters()
            if tensor.requires_grad
        }
        unfinished = self.folder / "unfinished.safetensors"
        save_file(tensors, unfinished)
        unfinished.replace(self._kept(step))

    def bring_back(self, step: int, model: Any) -> None:
        """Give ``model`` the weights that were kept after ``step``."""
        import torch
        from safetensors.torch import load_file

        kept = load_file(self._kept(step))
        with torch.no_grad():
            for name, tensor in model.named_parameters():
                if tensor.requires_grad:
                    tensor.copy_(kept[name])

    def keep_only(self, steps: Collection[int]) -> None:
        """Remove the weights kept after any other step."""
        wanted = {self._kept(step) for step in steps}
        for path in self.folder.glob("best-*.safetensors"):
            if path not in wanted:
                path.unlink()

    def drop_cut_off(self) -> None:
        """Remove checkpoints that were not written to their end.

        The Trainer counts them among those of which it keeps the last few.
        """
        for folder in self.folder.glob(f"{_PREFIX}*"):
            if not (folder / _WHOLE).is_file():
                shutil.rmtree(folder, ignore_errors=True)

    def _kept(self, step: int) -> Path:
        return self.folder / f"best-{step}.safetensors"

    def clear(self) -> None:
        """Remove it, once the adapter is in place."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _checkpoint(marker: Path) -> Checkpoint:
    seconds = json.loads(marker.read_text(encoding="utf-8"))["seconds"]
    return Checkpoint(marker.parent, int(marker.parent.name.removeprefix(_PREFIX)), seconds)


@contextmanager
def open_workspace(out: Path, fingerprint: str, *, resume: bool) -> Iterator[Workspace]:
    """The workspace of the training that will become ``out``, for this process alone.

    Raises :class:`InputError` where another process trains into it, where it holds an unfinished
    training and ``resume`` is not asked for, and where that was another training.
    """
    workspace = Workspace.of(out)
    folder = workspace.folder
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{folder}: another process is training here.") from None
        _agree(workspace, fingerprint, resume=resume)
        workspace.drop_cut_off()
        try:
            yield workspace
        except BaseException:
            if workspace.latest() is None:  # there is nothing to go on from
                workspace.clear()
            raise
    finally:
        os.close(descriptor)


def _agree(workspace: Workspace, fingerprint: str, *, resume: bool) -> None:
    folder = workspace.folder
    identity = folder / _IDENTITY
    if identity.is_file() and workspace.latest() is not None:
        if not resume:
            raise InputError(
                f"{folder}: holds an unfinished training. Continue it with --resume, or remove "
                "the folder to begin anew."
            )
        begun = json.loads(identity.read_text(encoding="utf-8")).get("fingerprint")
        if begun != fingerprint:
            raise InputError(
                f"{folder}: holds the checkpoints of another training (recipe, data, held-out "
                "rows, base or seed differ). Give another --out, or remove the folder to begin "
                "anew."
            )
    else:
        write_bytes(identity, json.dumps({"fingerprint": fingerprint}).encode())


class Stopwatch:
    """Adds up the seconds spent in blocks."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.monotonic()

    def __exit__(self, *_: object) -> None:
        self.seconds += time.monotonic() - self._began


class KeepCheckpoints(TrainerCallback):  # type: ignore[misc]  # untyped base
    """Saves every so many seconds, and marks a checkpoint that is written to its end."""

    def __init__(self, every: float, before: float, log_steps: int, pauses: Stopwatch) -> None:
        self._every = every
        self._before = before
        self._pauses = pauses
        self._log_steps = log_steps
        self._started = self._saved = time.monotonic()

    @property
    def seconds(self) -> float:
        """Training time so far, that before an interruption included and pauses not."""
        return self._before + time.monotonic() - self._started - self._pauses.seconds

    def on_step_end(self, _args: Any, state: Any, control: Any, **_: Any) -> None:
        """Ask for a checkpoint when one is due, where a logged interval ends."""
        due = time.monotonic() - self._saved >= self._every
        if due and state.global_step % self._log_steps == 0 and state.global_step < state.max_steps:
            control.should_save = True

    def on_save(self, args: Any, state: Any, _control: Any, **_: Any) -> None:
        """Mark the checkpoint that was just written."""
        self._saved = time.monotonic()
        folder = Path(args.output_dir) / f"{_PREFIX}{state.global_step}"
        sync_tree(folder)
        write_bytes(folder / _WHOLE, json.dumps({"seconds": round(self.seconds, 2)}).encode())
