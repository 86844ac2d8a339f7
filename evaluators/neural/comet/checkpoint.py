"""Reading COMET as it is published: ``hparams.yaml`` and ``checkpoints/model.ckpt``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from evaluators.errors import EvaluationError
from evaluators.neural.comet.hparams import CometHparams, read_hparams
from evaluators.neural.loading import ModelSource, load_tensors, snapshot, unloadable
from evaluators.optional import load_library

if TYPE_CHECKING:
    from pathlib import Path

    import torch

_FILES: Final = ["hparams.yaml", "checkpoints/*.ckpt"]
_HINT: Final = (
    "use comet:model=FOLDER with a copy of the hub's files, hparams.yaml and checkpoints/model.ckpt"
)


@dataclass(frozen=True)
class CometCheckpoint:
    """What a checkpoint holds: its name, hyperparameters and weights by their names."""

    name: str
    hparams: CometHparams
    weights: dict[str, torch.Tensor]


def read_checkpoint(name_or_path: str) -> CometCheckpoint:
    """Read a folder or a hub's model. Only tensors and plain values are unpickled.

    Raises EvaluationError where files are missing, unreadable, or of a kind not handled.
    """
    source = ModelSource.of(name_or_path)
    try:
        folder = snapshot(source, _FILES)
    except Exception as error:
        raise unloadable("comet", "model", name_or_path, error, _HINT) from error
    hparams_file, weights_file = folder / "hparams.yaml", folder / "checkpoints" / "model.ckpt"
    for file in (hparams_file, weights_file):
        if not file.is_file():
            raise EvaluationError(f"comet: {folder} has no {file.relative_to(folder)}: {_HINT}")
    content = _read_weights(weights_file)
    stored = content.get("hyper_parameters", {})
    return CometCheckpoint(
        source.name,
        read_hparams(_read_yaml(hparams_file), stored if isinstance(stored, dict) else {}),
        content["state_dict"],
    )


def _read_yaml(file: Path) -> dict[str, object]:
    yaml = load_library("yaml", needed_by="comet", install="pyyaml")
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise unloadable("comet", "file", str(file), error, _HINT) from error
    if not isinstance(values, dict):
        raise EvaluationError(f"comet: {file} holds no hyperparameters: {_HINT}")
    return values


def _read_weights(file: Path) -> dict[str, Any]:
    content = load_tensors(file, "comet", _HINT)
    if not isinstance(content, dict) or not isinstance(content.get("state_dict"), dict):
        raise EvaluationError(f"comet: {file} is not a pytorch-lightning checkpoint: {_HINT}")
    return content
