"""From what a user writes after ``--encoder`` to an encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evaluators.encoders.offline import OfflineEncoder
from evaluators.encoders.sentence import SentenceTransformerEncoder
from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from evaluators.encoders.base import Encoder


def load_encoder(spec: str, dimension: int | None = None) -> Encoder:
    """Load ``offline``, ``offline:DIMS``, a local folder or a model of the hub.

    ``dimension`` is what the competition's vectors have; None takes the encoder's own (512 for
    ``offline``). Raises EvaluationError where the encoder has another dimension or cannot be
    loaded.
    """
    name, _, dims = spec.strip().partition(":")
    if name != "offline":
        if not spec.strip():
            raise EvaluationError("--encoder is empty: give a folder, a hub name or offline")
        return SentenceTransformerEncoder(spec.strip(), dimension)
    if not dims:
        return OfflineEncoder() if dimension is None else OfflineEncoder(dimension)
    if not (dims.isascii() and dims.isdigit()):
        raise EvaluationError(
            f"{spec!r} is not an encoder: write offline or, for example, offline:512"
        )
    if dimension is not None and int(dims) != dimension:
        raise EvaluationError(
            f"{spec!r} gives {int(dims)} dimensions where {dimension} are needed: "
            "use --encoder offline"
        )
    return OfflineEncoder(int(dims))
