"""Where a bundle's answers come from: run, data, model and adapter, with digests and licences."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from submission import __version__
from submission.adapters.config import MANIFEST
from submission.bundle.inspect import portable
from submission.bundle.source import Source
from submission.engines.base import Hasher
from submission.files.model_files import read_json

_COMMIT = re.compile(r"[0-9a-f]{40}")
_LICENCE = re.compile(r"^license: *(\S.*?) *$", re.MULTILINE)


def provenance(source: Source, weights: Mapping[str, str], hash_file: Hasher) -> dict[str, Any]:
    """What ``provenance.json`` holds; ``weights`` are the SHA-256 of weights by their place."""
    recipe, checkpoint, run = source.recipe, source.checkpoint, source.run
    profile = source.competition.profile
    model = recipe.model
    adapter = checkpoint.adapter
    found = {
        "leaderkit": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "competition": {"name": profile.name, "title": profile.title, "url": profile.url},
        "run": {
            "name": run.name,
            "fingerprint": run.fingerprint,
            "engine": run.engine,
            "created": run.created,
            "versions": dict(source.identity),
            "recipe": json.loads(run.recipe),
        },
        "data": {
            "test": {"file": source.test.name, "sha256": hash_file(source.test)},
            "template": {"file": source.template.name, "sha256": hash_file(source.template)},
        },
        "model": {
            "name": model.name if model else None,
            "revision": recipe.engine.revision or _commit(checkpoint.model.folder),
            "license": _licence(checkpoint.model.folder),
            "sha256": source.identity["weights"],
        },
        "adapter": None
        if adapter is None
        else {
            "name": adapter.folder.name,
            "base": adapter.base_name,
            "license": _licence(adapter.folder),
            "sha256": source.identity["adapter"],
            "training": _record(adapter.folder),
        },
        "weights": dict(weights),
    }
    return {name: portable(value) for name, value in found.items()}


def _record(folder: Path) -> dict[str, Any] | None:
    """What leaderkit wrote of an adapter's training: data, settings, machine."""
    path = folder / MANIFEST
    return read_json(path) if path.is_file() else None


def _commit(folder: Path) -> str | None:
    """The commit that a folder of the hub's cache is named by."""
    return folder.name if _COMMIT.fullmatch(folder.name) else None


def _licence(folder: Path) -> str | None:
    """What the model's card declares; None where there is none, or no card."""
    card = folder / "README.md"
    if not card.is_file():
        return None
    head = card.read_text("utf-8", errors="replace").split("\n---", 1)[0]
    found = _LICENCE.search(head)
    return found[1].strip("'\"") if found else None
