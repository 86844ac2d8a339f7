"""Where a model's files are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from evaluators.errors import ModelUnavailableError
from evaluators.pointers import refuse_pointers
from submission.errors import InputError, sentence
from submission.files.named import named

EMBEDDED = "embedded"
"""The name of the small stand-in model that comes with the package."""

WEIGHTS = (".safetensors", ".bin", ".model")
CONFIGURATION = (".json", ".jinja", ".txt")
# Other frameworks' copies of the same weights, and demonstration files.
UNUSED = ("*.h5", "*.msgpack", "*.onnx", "*.ot", "*.gguf", "*.pth", "*.md", "original/*", "onnx/*")
# PyTorch pickles only where the repository has no safetensors.
FIRST_THEN = ([*UNUSED, "*.bin"], [*UNUSED])


@dataclass(frozen=True)
class ModelFiles:
    """A model (or adapter) on disk. ``name`` is what the user called it."""

    name: str
    folder: Path


def locate_model(name: str, revision: str | None = None) -> ModelFiles:
    """The folder of a local model, or of a hub model, downloaded where it is not cached.

    Raises :class:`InputError` with what to do for a folder that holds no model, a name the
    hub does not know, a gated model, and a hub that cannot be reached.
    """
    if name == EMBEDDED:
        return ModelFiles(name, Path(str(resources.files("data_sample").joinpath("embedded"))))
    folder = named(name)
    if folder.is_dir():
        if not any((folder / file).is_file() for file in ("config.json", "adapter_config.json")):
            raise InputError(
                f"{folder}: no config.json or adapter_config.json in it. "
                "Give the folder that holds the model."
            )
        require_contents(folder)
        return ModelFiles(name, folder)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise InputError(f"Model folder {name} does not exist.")
    return ModelFiles(name, _download(name, revision))


def require_contents(folder: Path) -> None:
    """Raise :class:`InputError` where a file of the model's is only a Git LFS pointer."""
    try:
        refuse_pointers(folder)
    except ModelUnavailableError as error:
        raise InputError(sentence(str(error))) from None


def _download(name: str, revision: str | None) -> Path:
    from huggingface_hub import errors as hub
    from huggingface_hub import snapshot_download

    pinned = f" at revision '{revision}'" if revision else ""
    local = "or give a local copy with --model PATH"
    try:
        cached = _cached(name, revision)
        if cached is not None:
            return cached
        for ignored in FIRST_THEN:
            folder = Path(snapshot_download(name, revision=revision, ignore_patterns=ignored))
            if _has_weights(folder):
                break
    except hub.GatedRepoError:
        raise InputError(
            f"Model '{name}' is gated: accept its licence on its hub page and set HF_TOKEN, "
            f"{local}."
        ) from None
    except hub.RevisionNotFoundError:
        raise InputError(f"Model '{name}' has no revision '{revision}'.") from None
    except hub.RepositoryNotFoundError:
        raise InputError(
            f"Model '{name}' is neither a local folder nor on the hub "
            f"(a private model needs HF_TOKEN); {local}."
        ) from None
    except (hub.HFValidationError, ValueError):
        raise InputError(
            f"'{name}' is neither a local folder nor a hub name (OWNER/NAME)."
        ) from None
    except (hub.OfflineModeIsEnabled, hub.HTTPError, OSError) as error:  # type: ignore[attr-defined]
        cause = type(error.__cause__ or error).__name__
        reason = "HF_HUB_OFFLINE is set" if _offline() else cause
        raise InputError(
            f"Model '{name}'{pinned} is not cached and the hub cannot be reached ({reason}): "
            f"connect once to download it, {local}."
        ) from None
    if _lacks_shards(folder):
        raise InputError(
            f"Model '{name}'{pinned} is cached in part and the hub cannot be reached: "
            f"connect once to download the rest, {local}."
        )
    return folder


def _offline() -> bool:
    from huggingface_hub import constants

    return bool(constants.HF_HUB_OFFLINE)


def _cached(name: str, revision: str | None) -> Path | None:
    """The model's folder if all of it has been downloaded before."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError

    for ignored in FIRST_THEN:
        try:
            folder = Path(
                snapshot_download(
                    name, revision=revision, ignore_patterns=ignored, local_files_only=True
                )
            )
        except LocalEntryNotFoundError:
            continue
        if _has_weights(folder) and not _lacks_shards(folder):
            return folder
    return None


def _has_weights(folder: Path) -> bool:
    return any(path.suffix in (".safetensors", ".bin") for path in folder.iterdir())


def _lacks_shards(folder: Path) -> bool:
    """Whether a download of weights in several files was cut short."""
    index = folder / "model.safetensors.index.json"
    if not index.is_file():
        return False
    shards = json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()
    return not all((folder / shard).is_file() for shard in set(shards))


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises :class:`InputError` where it is not one."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON: {error}.") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: is not a JSON object.")
    return value


def weight_files(folder: Path) -> list[Path]:
    """Every file that an answer can depend on, sorted by name."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file()
        and path.suffix in (*WEIGHTS, *CONFIGURATION)
        and not path.name.startswith(("README", "training_", "trainer_", "leaderkit"))
    )
