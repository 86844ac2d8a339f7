"""The model of a bundle: which files it has, by copy or by hash, and in which version's form."""

from __future__ import annotations

import fcntl
import json
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

from submission.errors import InputError, few
from submission.files.model_files import read_json, weight_files

WEIGHTS = ".safetensors"
_CLONE = 0x40049409  # FICLONE of linux/fs.h
_CONFIG = "config.json"
_TOKENIZER = "tokenizer_config.json"
# What each of these says is where it was on the machine that wrote it.
_PLACES = ("_name_or_path", "base_model_name_or_path", "name_or_path")


def copy_model(
    source: Path, folder: Path, *, weights: bool, code: bool, transformers: int
) -> dict[str, Path]:
    """Copy a model's or an adapter's files.

    Without ``weights`` theirs are left out; with ``code`` the model's own Python is taken. Files
    that name a class or settings as ``transformers`` 5 does are written for the major version in
    use. Returns every weight file's original by its name. Raises :class:`InputError` for weights
    in another format than safetensors.
    """
    found = weight_files(source)
    safe = [path for path in found if path.suffix == WEIGHTS]
    pickled = [path.name for path in found if path.suffix == ".bin"]
    if not safe and pickled:
        raise InputError(
            f"{source}: has no {WEIGHTS} weights ({few(pickled)}), and a pickle can run code where "
            "it is loaded. Save the model with safetensors first."
        )
    copy_settings(source, folder, transformers=transformers)
    for path in safe if weights else ():
        copy_file(path, folder / path.name)
    for path in source.glob("*.py") if code else ():
        shutil.copyfile(path, folder / path.name)
    return {path.name: path for path in safe}


def copy_settings(source: Path, folder: Path, *, transformers: int) -> None:
    """Copy all but the weights: configuration and tokenizer."""
    folder.mkdir()
    for path in weight_files(source):
        if path.suffix in (WEIGHTS, ".bin") or path.name.endswith(".bin.index.json"):
            continue
        if path.name in (_CONFIG, _TOKENIZER, "adapter_config.json"):
            data = _portable(path, read_json(path), transformers)
            text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
            (folder / path.name).write_text(text, "utf-8")
        else:
            shutil.copyfile(path, folder / path.name)


def copy_file(source: Path, target: Path) -> None:
    """A file with the same content, which takes no room until one of both is written to.

    A whole copy where the file system cannot share blocks between files.
    """
    with source.open("rb") as one, target.open("wb") as two, suppress(OSError):
        fcntl.ioctl(two, _CLONE, one.fileno())
        return
    shutil.copyfile(source, target)


def _portable(path: Path, data: Mapping[str, Any], transformers: int) -> dict[str, Any]:
    """A configuration without places of this machine, in the form of the version."""
    written = dict(data)
    for name in _PLACES:
        if PurePath(str(written.get(name) or "")).is_absolute():
            written[name] = PurePath(written[name]).name
    if transformers >= 5:
        return written
    if path.name == _TOKENIZER and written.get("tokenizer_class") == "TokenizersBackend":
        written["tokenizer_class"] = "PreTrainedTokenizerFast"
        written.pop("backend", None)
    if path.name == _CONFIG:
        _old_rotary(path, written)
    return written


def _old_rotary(path: Path, written: dict[str, Any]) -> None:
    """Rotary settings as transformers 4 reads them; it passes over the names of 5 in silence."""
    rotary = written.pop("rope_parameters", None)
    if rotary is None:
        return
    if any(isinstance(value, dict) for value in rotary.values()):
        raise InputError(
            f"{path}: has rotary settings per kind of layer (rope_parameters), which no "
            "transformers 4 reads. Bundle the model as it was published, or choose a later one."
        )
    settings = dict(rotary)
    if "rope_theta" in settings:
        written.setdefault("rope_theta", settings.pop("rope_theta"))
    if settings.get("rope_type", "default") != "default":
        written.setdefault("rope_scaling", settings)
