"""Sentence encoders through sentence-transformers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from evaluators.encoders.base import encode_distinct
from evaluators.encoders.hub import hub_unreachable
from evaluators.encoders.torch_support import (
    display_name,
    means_folder,
    quiet_transformers,
    reason,
    weights_digest,
)
from evaluators.errors import EvaluationError
from evaluators.paths import local_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_BATCHES_PER_CALL: Final = 32


class SentenceTransformerEncoder:
    """A sentence-transformers model, from a local folder or by its hub name.

    Vectors are float32 as the model gives them, not normalised; remote code is never run.
    ``dimension`` is what the caller needs (None takes the model's own). Raises EvaluationError if
    the model cannot be loaded or its vectors have another length.
    """

    offline: Final = False

    def __init__(
        self,
        name_or_path: str,
        dimension: int | None = None,
        revision: str | None = None,
        batch_size: int = 32,
        *,
        device: str | None = None,
    ) -> None:
        self.name: Final = display_name(name_or_path)
        self._batch_size = batch_size
        self._model = _load(name_or_path, revision, device)
        self.dimension: Final[int] = int(self._model.get_embedding_dimension() or 0) or len(
            self._model.encode("가", show_progress_bar=False)
        )
        if dimension is not None and dimension != self.dimension:
            raise EvaluationError(
                f"encoder {name_or_path!r} gives vectors of {self.dimension} dimensions where "
                f"{dimension} are needed: use --encoder with the competition's own model"
            )

    @cached_property
    def digest(self) -> str:
        """Digest of weights, vocabulary, input length and pooling."""
        settings = [f"max_seq_length={self._model.max_seq_length}"]
        for module in self._model:
            mode = getattr(module, "get_pooling_mode_str", None)
            settings.append(f"{type(module).__name__}:{mode() if mode else ''}")
        return weights_digest(self._model.state_dict(), self._model.tokenizer.get_vocab(), settings)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape ``(len(texts), dimension)``."""
        return encode_distinct(texts, self.dimension, self._encode)

    def _encode(self, texts: list[str]) -> NDArray[np.float32]:
        step = self._batch_size * _BATCHES_PER_CALL
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        # Longest first over everything, so that a call's batches hold texts of like length.
        order = sorted(range(len(texts)), key=lambda place: -len(texts[place]))
        for start in range(0, len(order), step):
            places = order[start : start + step]
            vectors[places] = self._model.encode(
                [texts[place] for place in places],
                batch_size=self._batch_size,
                show_progress_bar=False,
                convert_to_numpy=True,
                normalize_embeddings=False,
            )
        return vectors


def _load(name_or_path: str, revision: str | None, device: str | None) -> Any:
    path = local_path(name_or_path)
    help_text = "use --encoder PATH with a local copy, or --encoder offline for a proxy score"
    if means_folder(name_or_path) and not path.exists():
        raise EvaluationError(
            f"encoder {name_or_path!r} cannot be loaded (there is no such folder): {help_text}"
        )
    try:
        import torch
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EvaluationError(
            f"encoder {name_or_path!r} needs the sentence-transformers package "
            f"({reason(error)}): pip install sentence-transformers, or use --encoder offline "
            "for a proxy score"
        ) from error
    try:
        with quiet_transformers():
            model = SentenceTransformer(
                str(path) if path.exists() else name_or_path,
                revision=revision,
                device=device,
                trust_remote_code=False,
                local_files_only=path.exists() or hub_unreachable(),
                # The checkpoint's own type would make the numbers depend on how it was saved.
                model_kwargs={"dtype": torch.float32},
            )
    except Exception as error:
        raise EvaluationError(
            f"encoder {name_or_path!r} cannot be loaded ({reason(error)}): {help_text}"
        ) from error
    return model.eval()
