"""Where an unfinished training is kept, so that it goes on after it was killed."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Self

from submission.adapters.load import share
from submission.errors import InputError
from submission.files.atomic import atomic_folder, sync_tree, write_bytes
from submission.files.digest import digest

_IDENTITY = "training.json"
_WHOLE = "whole.json"
_WEIGHTS = "weights.safetensors"
_PREFIX = "checkpoint-"
_LONGEST_NAME = 255
TRACKED = "runs"
"""Where transformers puts TensorBoard's files in a folder."""


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

    def day(self) -> date | None:
        """The day that the prompts of the training in it show; None where they show none."""
        identity = self.folder / _IDENTITY
        if not identity.is_file():
            return None
        found = json.loads(identity.read_text(encoding="utf-8")).get("date")
        return date.fromisoformat(found) if found else None

    def latest(self) -> Checkpoint | None:
        """The last checkpoint that was written to its end."""
        found = [_checkpoint(marker) for marker in self.folder.glob(f"{_PREFIX}*/{_WHOLE}")]
        return max(found, key=_step, default=None)

    def keep(self, step: int, model: Any) -> None:
        """Write what is trained of ``model``, as it is after ``step``, on the disk for good."""
        from safetensors.torch import save_file

        tensors = {
            name: tensor.detach().contiguous().cpu()
            for name, tensor in model.named_parameters()
            if tensor.requires_grad
        }
        shutil.rmtree(self._kept(step), ignore_errors=True)
        with atomic_folder(self._kept(step)) as folder:
            save_file(tensors, folder / _WEIGHTS)

    def bring_back(self, step: int, model: Any) -> None:
        """Give ``model`` the weights that were kept after ``step``.

        Raises :class:`InputError` where they cannot be read.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self._kept(step) / _WEIGHTS
        try:
            kept = load_file(path)
        except (OSError, SafetensorError) as error:
            raise InputError(
                f"{path}: the best weights cannot be read ({error}). Remove {self.folder} to train "
                "again."
            ) from error
        with torch.no_grad():
            for name, tensor in model.named_parameters():
                if tensor.requires_grad:
                    tensor.copy_(kept[name])

    def keep_only(self, steps: Collection[int]) -> None:
        """Remove the weights kept after any other step."""
        wanted = {self._kept(step) for step in steps}
        for path in self.folder.glob("best-*"):
            if path not in wanted:
                shutil.rmtree(path, ignore_errors=True)

    def drop_cut_off(self) -> None:
        """Remove checkpoints that were not written to their end, or all else where none was."""
        for folder in self.folder.glob(f"{_PREFIX}*"):
            if not (folder / _WHOLE).is_file():
                shutil.rmtree(folder, ignore_errors=True)
        if self.latest() is None:
            for path in self.folder.iterdir():
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)

    def mark_whole(self, step: int, seconds: float) -> None:
        """Note that the checkpoint of ``step`` is written to its end; the last two are kept."""
        folder = self.folder / f"{_PREFIX}{step}"
        sync_tree(folder)
        write_bytes(folder / _WHOLE, json.dumps({"seconds": round(seconds, 2)}).encode())
        self._drop_older()

    def _drop_older(self) -> None:
        """Remove all checkpoints but the last two that are whole."""
        found = sorted(map(_checkpoint, self.folder.glob(f"{_PREFIX}*/{_WHOLE}")), key=_step)
        for checkpoint in found[:-2]:
            shutil.rmtree(checkpoint.folder, ignore_errors=True)

    def _kept(self, step: int) -> Path:
        return self.folder / f"best-{step}"

    def clear(self) -> None:
        """Remove it, once the adapter is in place."""
        shutil.rmtree(self.folder, ignore_errors=True)


def _step(checkpoint: Checkpoint) -> int:
    return checkpoint.step


def _checkpoint(marker: Path) -> Checkpoint:
    seconds = json.loads(marker.read_text(encoding="utf-8"))["seconds"]
    return Checkpoint(marker.parent, int(marker.parent.name.removeprefix(_PREFIX)), seconds)


@contextmanager
def open_workspace(
    out: Path, fingerprint: str, *, resume: bool, day: date | None = None
) -> Iterator[Workspace]:
    """The workspace of the training that will become ``out``, for this process alone.

    It keeps the ``day`` that the prompts show.

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
            raise InputError(
                f"{folder}: another training is using this folder; wait for it, or end it."
            ) from None
        _agree(workspace, fingerprint, resume=resume, day=day)
        workspace.drop_cut_off()
        try:
            yield workspace
        except BaseException:
            workspace.drop_cut_off()
            if workspace.latest() is None:  # there is nothing to go on from
                workspace.clear()
            raise
    finally:
        os.close(descriptor)


def _agree(workspace: Workspace, fingerprint: str, *, resume: bool, day: date | None) -> None:
    folder = workspace.folder
    identity = folder / _IDENTITY
    if identity.is_file() and workspace.latest() is not None:
        if not resume:
            raise InputError(
                f"{folder}: holds an unfinished training. Continue it with --resume, or remove the "
                "folder to start over."
            )
        begun = json.loads(identity.read_text(encoding="utf-8")).get("fingerprint")
        if begun != fingerprint:
            raise InputError(
                f"{folder}: holds the checkpoints of another training (recipe, data, held-out "
                "rows, base or seed differ). Give another --out, or remove the folder to start "
                "over."
            )
    else:
        kept = {"fingerprint": fingerprint, **({"date": day.isoformat()} if day else {})}
        write_bytes(identity, json.dumps(kept).encode())


@contextmanager
def making(
    out: Path, fingerprint: str, *, resume: bool, seed: int, day: date | None = None
) -> Iterator[tuple[Path, Workspace]]:
    """A folder that becomes ``out`` when the block ends well, and the workspace until then.

    Random numbers are drawn from ``seed`` on. What ``report_to`` wrote stands in the folder in the
    end. Raises what ``atomic_folder`` and :func:`open_workspace` raise.
    """
    from transformers import set_seed

    with (
        atomic_folder(out) as folder,
        open_workspace(out, fingerprint, resume=resume, day=day) as workspace,
    ):
        set_seed(seed)
        yield folder, workspace
        share(folder)  # which is for files, and trackers have folders
        tracked = workspace.folder / TRACKED
        if tracked.is_dir():
            shutil.copytree(tracked, folder / TRACKED)
    workspace.clear()
