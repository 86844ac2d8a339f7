"""Texts to unit vectors, by an encoder of this machine or of a server."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from submission.errors import InputError
from submission.recipes.base import NonEmpty, Table

AT_ONCE = 256
"""Texts in one request to a server."""


class Dense(Table):
    """What makes vectors: ``encoder`` is a name or folder as for ``--encoder``, or the model of an
    OpenAI-compatible server at ``base_url``, whose key is in the environment variable ``key``.

    The prefixes are what some models want before a question and a passage (``query: `` and
    ``passage: `` for E5).
    """

    encoder: NonEmpty = "offline"
    base_url: NonEmpty | None = None
    key: NonEmpty = "OPENAI_API_KEY"
    query_prefix: str = ""
    passage_prefix: str = ""


class Embedder(Protocol):
    """Makes vectors; equal ``identity`` means equal ones."""

    @property
    def identity(self) -> str:
        """Name and digest."""
        ...

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A row for each text."""
        ...


class _Local:
    def __init__(self, spec: str) -> None:
        from evaluators import load_encoder

        self._encoder = load_encoder(spec)
        self.dimension = self._encoder.dimension
        self.encode = self._encoder.encode

    @cached_property
    def identity(self) -> str:
        return f"{self._encoder.name} {self._encoder.digest}"


class _Server:
    """Of the weights behind a server nothing is known: its name has to do."""

    def __init__(self, dense: Dense) -> None:
        import os

        from openai import OpenAI

        key = os.environ.get(dense.key, "")
        self._model = dense.encoder
        self._client = OpenAI(base_url=dense.base_url, api_key=key or "none", max_retries=5)
        self.identity = f"{dense.encoder} at a server"

    @cached_property
    def dimension(self) -> int:
        return int(self.encode(["가"]).shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        from openai import APIStatusError, OpenAIError

        found: list[Any] = []
        for start in range(0, len(texts), AT_ONCE):
            some = list(texts[start : start + AT_ONCE])
            try:
                data = self._client.embeddings.create(model=self._model, input=some).data
            except APIStatusError as error:
                raise InputError(
                    f"The encoder's server refuses '{self._model}' (HTTP {error.status_code})."
                ) from None
            except OpenAIError as error:
                raise InputError(f"The encoder's server cannot be used: {error}.") from None
            if len(data) != len(some):
                raise InputError(
                    f"The encoder's server gave {len(data)} vectors for {len(some)} texts."
                )
            found += [each.embedding for each in sorted(data, key=lambda each: each.index)]
        return np.asarray(found, dtype=np.float32)


def embedder(dense: Dense) -> Embedder:
    """The encoder that ``dense`` names."""
    return _Local(dense.encoder) if dense.base_url is None else _Server(dense)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors at length 1; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
