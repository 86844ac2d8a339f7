"""A cross-encoder over question and passage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from submission.errors import InputError

AT_ONCE = 16


def cross_encoder(name: str, **options: Any) -> Any:
    """The cross-encoder called ``name``, with its raw output whatever it was saved with."""
    import torch
    from sentence_transformers import CrossEncoder

    try:
        return CrossEncoder(
            name, activation_fn=torch.nn.Identity(), trust_remote_code=False, **options
        )
    except (OSError, ValueError, RuntimeError) as error:
        first = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise InputError(f"The cross-encoder '{name}' cannot be loaded: {first}") from None


def logits(model: Any, question: str, texts: Sequence[str]) -> list[float]:
    """The output of a cross-encoder for the question with each text."""
    if not texts:
        return []
    pairs = [(question, text) for text in texts]
    found = model.predict(pairs, batch_size=AT_ONCE, show_progress_bar=False)
    return [float(each) for each in found]


class Reranker:
    """A sentence-transformers cross-encoder with one output, a folder or a hub's name.

    Scores are probabilities: the sigmoid of the model's own output, whatever activation it was
    saved with.
    """

    def __init__(self, name: str) -> None:
        self._model = cross_encoder(name)
        if self._model.num_labels != 1:
            raise InputError(
                f"'{name}' has {self._model.num_labels} outputs; a reranker has one. Give a model "
                "that was made for it."
            )

    def logits(self, question: str, texts: Sequence[str]) -> list[float]:
        """The model's own output for the question with each text."""
        return logits(self._model, question, texts)

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """The same as probabilities."""
        return [1 / (1 + math.exp(-max(each, -60.0))) for each in self.logits(question, texts)]
