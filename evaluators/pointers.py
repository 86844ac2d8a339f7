"""Git LFS pointers: small texts that stand where a model's files would be.

A repository that was cloned without Git LFS has them in place of every large file, and what loads
such a file stumbles over its first letters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from evaluators.errors import ModelUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

_BEGINNING: Final = b"version https://git-lfs.github.com/spec/v1"
_LONGEST: Final = 1024
# What is read of a folder: whatever else lies in it may well be a pointer.
_SAFE: Final = tuple(
    f"{stem}{shard}.safetensors" for stem in ("model", "adapter_model") for shard in ("", "-*-of-*")
)
_PICKLED: Final = ("pytorch_model.bin", "pytorch_model-*-of-*.bin", "adapter_model.bin")
_SETTINGS: Final = ("*config.json", "*.index.json", "modules.json", "chat_template.*")
_VOCABULARY: Final = (
    "tokenizer*.json", "vocab.*", "merges.txt", "bpe.codes", "dict.txt", "added_tokens.json",
    "special_tokens_map.json", "*.model", "*.spm", "*.tiktoken",
)  # fmt: skip
_OTHER_FORMATS: Final = ("hparams.yaml", "checkpoints/model.ckpt")


def refuse_pointers(path: Path) -> None:
    """Raise ModelUnavailableError where a model's file, or one in its folder, is a pointer.

    Only what is read is looked at: of weights in both formats no pickled ones.
    """
    if path.is_file():
        if _is_pointer(path):
            raise ModelUnavailableError(f"{path}: {_words('it is')}")
        return
    names = (*_SAFE, *_PICKLED, *_SETTINGS, *_VOCABULARY)
    # The folders of a sentence encoder's modules are numbered: 1_Pooling, 2_Dense.
    patterns = [*names, *(f"[0-9]*_*/{name}" for name in names), *_OTHER_FORMATS]
    files = {file for pattern in patterns for file in path.glob(pattern)}
    found = {file for file in files if _is_pointer(file)}
    safe = {file.parent for file in files - found if file.suffix == ".safetensors"}
    found -= {file for file in found if file.suffix == ".bin" and file.parent in safe}
    if found:
        first, *rest = sorted(str(file.relative_to(path)) for file in found)
        name = f"{first} and {len(rest)} more are" if rest else f"{first} is"
        raise ModelUnavailableError(f"{path}: {_words(name)}")


def _words(subject: str) -> str:
    return (
        f"{subject} only a Git LFS pointer, not the file: run git lfs pull there, or download the "
        "model again"
    )


def _is_pointer(file: Path) -> bool:
    if not file.is_file() or file.stat().st_size > _LONGEST:
        return False
    with file.open("rb") as handle:
        return handle.read(len(_BEGINNING)) == _BEGINNING
