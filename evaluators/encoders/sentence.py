"""Sentence encoders through sentence-transformers."""

from __future__ import annotations

import json
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
from evaluators.encoders.whole import require_vocabulary, require_weights
from evaluators.errors import EvaluationError
from evaluators.paths import local_path
from evaluators.pointers import refuse_pointers

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
        try:
            vector = self._model.encode("가", show_progress_bar=False)
        except KeyError as error:
            if error.args != ("sentence_embedding",):
                raise
            raise EvaluationError(
                f"encoder {name_or_path!r}: its modules.json names no Pooling module, which makes "
                "one vector of the tokens: copy the model's own modules.json, or use --encoder "
                "offline for a proxy score"
            ) from None
        self.dimension: Final[int] = len(vector)
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

    def count_tokens(self, text: str) -> int:
        """Return how many tokens the model's tokenizer makes of a text, special ones aside."""
        return len(self._model.tokenizer(text, add_special_tokens=False).input_ids)

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
    refuse_pointers(path)
    try:
        import torch
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.util.file_io import load_file_path
    except ImportError as error:
        raise EvaluationError(
            f"encoder {name_or_path!r} needs the sentence-transformers package "
            f"({reason(error)}): pip install sentence-transformers, or use --encoder offline "
            "for a proxy score"
        ) from error
    location, local_only = str(path) if path.exists() else name_or_path, path.exists()
    local_only = local_only or hub_unreachable()

    def has_file(name: str) -> bool:
        found = load_file_path(location, name, revision=revision, local_files_only=local_only)
        return found is not None

    if path.is_dir():
        _require_modules(name_or_path, path, help_text)
    try:
        with quiet_transformers():
            unpooled = has_file("config.json") and not has_file("modules.json")
            model = (
                None
                if unpooled
                else SentenceTransformer(
                    location,
                    revision=revision,
                    device=device,
                    trust_remote_code=False,
                    local_files_only=local_only,
                    # The checkpoint's own type would make the numbers depend on how it was saved.
                    model_kwargs={"dtype": torch.float32},
                )
            )
    except Exception as error:
        raise EvaluationError(
            f"encoder {name_or_path!r} cannot be loaded ({reason(error)}): {help_text}"
        ) from error
    if model is None:
        raise EvaluationError(
            f"encoder {name_or_path!r} has no modules.json, which says how tokens become one "
            "vector, and no way of pooling is made up here: copy the whole sentence-transformers "
            f"model (modules.json, 1_Pooling/ and the rest), or {help_text}"
        )
    for module in model:
        _require_whole(name_or_path, module)
    return model.eval()


def _require_modules(name_or_path: str, folder: Path, help_text: str) -> None:
    """Refuse a folder that lacks that of a pooling which its modules.json names."""
    try:
        modules = json.loads((folder / "modules.json").read_text(encoding="utf-8"))
        pooled = [each["path"] for each in modules if each["type"].endswith(".Pooling")]
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return  # what loads it says so
    for place in pooled:
        if not (folder / place / "config.json").is_file():
            raise EvaluationError(
                f"encoder {name_or_path!r}: {place}/config.json, which its modules.json names and "
                "which says how tokens become one vector, is missing: copy the whole model, or "
                f"{help_text}"
            )


def _require_whole(name_or_path: str, module: Any) -> None:
    """Refuse a model of transformers whose folder lacks weights or vocabulary."""
    network = getattr(module, "auto_model", None)
    if network is None:
        return
    require_vocabulary(name_or_path, module.tokenizer)
    if local_path(network.name_or_path).exists():
        # Without its numbers a model loads at once, and says all the same what is missing.
        with quiet_transformers():
            _, info = type(network).from_pretrained(
                network.name_or_path,
                config=network.config,
                output_loading_info=True,
                local_files_only=True,
                device_map="meta",
            )
        require_weights(name_or_path, info["missing_keys"])
