"""What the model-based encoders and metrics share: digests, quiet loading, one-line reasons."""

from __future__ import annotations

from contextlib import contextmanager
from hashlib import blake2b
from typing import TYPE_CHECKING, Final

from evaluators.paths import local_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import torch


def weights_digest(
    tensors: Mapping[str, torch.Tensor], vocabulary: Mapping[str, int], settings: Iterable[str]
) -> str:
    """Hash weights, vocabulary and settings into 16 hex characters.

    A copy on disk and the original on a hub give the same digest, whatever the file format.
    """
    import torch

    digest = blake2b(digest_size=8)
    for name in sorted(tensors):
        tensor = tensors[name].detach().cpu().contiguous()
        digest.update(f"{name}|{tuple(tensor.shape)}|{tensor.dtype}|".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    for token, place in sorted(vocabulary.items()):
        digest.update(f"{place}|{token}\n".encode("utf-8", "surrogatepass"))
    for setting in settings:
        digest.update(f"{setting}\n".encode())
    return digest.hexdigest()


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Keep loading bars and load reports off the terminal; earlier settings come back after."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


_NOT_HERE: Final = (
    "local_files_only",
    "outgoing traffic",
    "couldn't find them in the cached files",
)


def reason(error: BaseException) -> str:
    """Return the first line of an error's message, without its full stop.

    What the hub's client says offline names an argument of its own, which no user can pass.
    """
    if any(each in str(error) for each in _NOT_HERE):
        return "it is not on this machine, and the hub is switched off or cannot be reached"
    lines = str(error).strip().splitlines()
    return (lines[0].strip() if lines else type(error).__name__).rstrip(".")


def means_folder(name_or_path: str) -> bool:
    """Return whether this can only be a folder: names of the hub have one slash at most, within."""
    rooted = name_or_path.startswith(("/", "./", "../", "~", "."))
    return rooted or name_or_path.endswith("/") or name_or_path.count("/") > 1


def display_name(name_or_path: str) -> str:
    """Return a hub name as it is and a local folder by its last part: paths differ by machine."""
    path = local_path(name_or_path)
    return path.resolve().name if path.exists() else name_or_path
