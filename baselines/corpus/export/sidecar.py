"""What an exported file was made of, beside it: ``FILE.corpus.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from baselines.corpus.folder import Corpus
from submission.files.atomic import write_bytes
from submission.records.checked import sidecar_of


def write_sidecar(path: Path, corpus: Corpus) -> None:
    """Say of the file at ``path`` which corpus it is of, and by which steps that was made."""
    manifest = corpus.manifest
    steps = [] if manifest is None else [*manifest.history, manifest.past]
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
