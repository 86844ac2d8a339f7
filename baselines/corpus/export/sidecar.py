"""What an exported file was made of, beside it: ``FILE.corpus.json``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from baselines.corpus.folder import Corpus, Manifest, read_manifest
from submission.errors import InputError
from submission.files.atomic import write_bytes


def sidecar_of(path: Path) -> Path:
    """Where it is for the file at ``path``."""
    return path.with_name(f"{path.name}.corpus.json")


def write_sidecar(path: Path, corpus: Corpus) -> None:
    """Say of the file at ``path`` which corpus it is of, and by which steps that was made."""
    steps = list(reversed([*_made_by(corpus)]))
    leak = next((each for each in reversed(steps) if each.step == "leak"), None)
    told: dict[str, Any] = {
        "digest": corpus.digest,
        "steps": [each.step for each in steps],
        "leak": None
        if leak is None
        else {"identity": leak.identity, "counts": leak.counts, "dropped": leak.dropped},
    }
    data = msgspec.json.format(msgspec.json.encode(told), indent=2)
    write_bytes(sidecar_of(path), data + b"\n")


def _made_by(corpus: Corpus) -> Iterator[Manifest]:
    """The corpus's manifest and those of the folders beside it that it was made from."""
    manifest = corpus.manifest
    beside: dict[str, Manifest] | None = None
    while manifest is not None:
        yield manifest
        if beside is None:
            beside = dict(_beside(corpus.path))
        # A step that changed nothing has its input's digest: each folder is looked at once.
        manifest = beside.pop(str(manifest.identity.get("input")), None)


def _beside(folder: Path) -> Iterator[tuple[str, Manifest]]:
    for path in sorted(folder.resolve().parent.iterdir(), reverse=True):
        if not path.is_dir() or path == folder.resolve():
            continue
        try:
            manifest = read_manifest(path)
        except InputError:  # a folder of something else
            continue
        if manifest is not None:
            yield manifest.digest, manifest
