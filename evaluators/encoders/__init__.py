"""Text in, vectors out: the encoders an embedding metric may use."""

from __future__ import annotations

from evaluators.encoders.base import Encoder
from evaluators.encoders.load import load_encoder
from evaluators.encoders.offline import OfflineEncoder
from evaluators.encoders.sentence import SentenceTransformerEncoder

__all__ = ["Encoder", "OfflineEncoder", "SentenceTransformerEncoder", "load_encoder"]
