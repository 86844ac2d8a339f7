"""Texts to unit vectors, by an encoder of this machine or of a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from evaluators.endpoint import KEY_VARIABLE, Endpoint
from submission.errors import InputError
from submission.recipes.base import Conflict, NonEmpty, Table

AT_ONCE = 256
"""Texts in one request to a server."""
TIMEOUT = 120.0
RETRIES = 5


class Dense(Table):
    """What makes vectors: ``encoder`` is a name or folder as for ``--encoder``, or the model of an
    OpenAI-compatible server at ``base_url``, whose key is in the environment variable ``key``.

    The prefixes are what some models want before a question and a passage (``query: `` and
    ``passage: `` for E5).
    """

    encoder: NonEmpty = "offline"
    base_url: NonEmpty | None = None
    key: NonEmpty = KEY_VARIABLE
    query_prefix: str = ""
    passage_prefix: str = ""

    def conflicts(self) -> Iterator[Conflict]:
        """An address that may hold a secret, which would be kept with the index."""
        parts = urlsplit(self.base_url or "")
        if "@" in parts.netloc or parts.query:
            yield Conflict(
                "key",
                "the address of the server has a name, a password or a query, which an index does "
                "not keep: leave it out, and put the key into this environment variable",
            )


class Embedder(Protocol):
    """Makes vectors; equal ``identity`` means equal ones.

    ``count_tokens`` is optional: it tells how many tokens a text has, None where there are none.
    """

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
        self.count_tokens = getattr(self._encoder, "count_tokens", None)

    @cached_property
    def identity(self) -> str:
        return f"{self._encoder.name} {self._encoder.digest}"


class _Server:
    """Of the weights behind a server nothing is known: its name has to do."""

    def __init__(self, dense: Dense) -> None:
        self._endpoint = Endpoint.from_environment(dense.base_url, dense.key)
        self._model = dense.encoder
        self.identity = f"{dense.encoder} at a server"

    @cached_property
    def dimension(self) -> int:
        return int(self.encode(["가"]).shape[1])

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        found = asyncio.run(self._asked(list(texts)))
        if len({len(each) for each in found}) > 1:
            raise InputError(f"{self._endpoint.address} gave vectors of several lengths.")
        return np.asarray(found, dtype=np.float32)

    async def _asked(self, texts: list[str]) -> list[list[float]]:
        from openai import APIStatusError, OpenAIError

        server, found = self._endpoint, []
        try:
            async with server.client(timeout_s=TIMEOUT, retries=RETRIES) as client:
                for start in range(0, len(texts), AT_ONCE):
                    some = texts[start : start + AT_ONCE]
                    reply = await client.embeddings.create(
                        model=self._model, input=some, encoding_format="float"
                    )
                    data = sorted(reply.data, key=lambda each: each.index)
                    if [each.index for each in data] != list(range(len(some))):
                        raise InputError(
                            f"{server.address} gave {len(data)} vectors for {len(some)} texts."
                        )
                    found += [each.embedding for each in data]
        except APIStatusError as error:
            told = server.refusal(error) or f"{server.address}: HTTP {error.status_code}"
            raise InputError(f"{told}.") from None
        except OpenAIError as error:
            told = server.without_key(str(error)) or type(error).__name__
            raise InputError(f"{server.address}: {told}") from None
        return found


def embedder(dense: Dense) -> Embedder:
    """The encoder that ``dense`` names."""
    return _Local(dense.encoder) if dense.base_url is None else _Server(dense)


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors at length 1; those of length 0 stay."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), dtype=np.float32)
