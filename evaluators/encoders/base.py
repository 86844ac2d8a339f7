"""What every encoder offers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray


class Encoder(Protocol):
    """Turns texts into vectors.

    ``digest`` identifies what computes the vectors (at least eight hex characters): two encoders
    with one digest give comparable numbers. ``offline`` is true for a stand-in that needs no model;
    scores made with one are proxies.
    """

    @property
    def name(self) -> str:
        """The name shown in signatures."""
        ...

    @property
    def dimension(self) -> int:
        """Length of each vector."""
        ...

    @property
    def digest(self) -> str:
        """Hex digest of the encoder itself."""
        ...

    @property
    def offline(self) -> bool:
        """Whether this is the model-free stand-in."""
        ...

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text, shape ``(len(texts), dimension)``; equal texts cost one."""
        ...


def encode_distinct(
    texts: Sequence[str],
    dimension: int,
    encode: Callable[[list[str]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Call ``encode`` on the distinct texts only and lay its vectors out in the given order."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    if not places:
        return np.zeros((0, dimension), dtype=np.float32)
    vectors = encode(list(places))
    return vectors[[places[text] for text in texts]]
