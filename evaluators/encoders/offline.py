"""A model-free encoder: hashed character n-grams."""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluators.encoders.base import encode_distinct
from evaluators.errors import EvaluationError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_RECIPE: Final = "char 1-3 grams, NFC, splitmix64, signed, 1+ln(tf), L2; revision 1"
_LONGEST: Final = 3
_BITS: Final = np.uint64(21)  # a code point needs 21 bits, so three of them fit in 64
_INCREMENT: Final = 0x9E3779B97F4A7C15
_STEPS: Final = tuple(np.uint64(n * _INCREMENT % 2**64) for n in range(_LONGEST + 1))


@dataclass(frozen=True)
class OfflineEncoder:
    """Hashed character 1-3-grams of the NFC text, spaces included.

    Signed hashing into ``dimension`` buckets, weight ``1 + ln(tf)``, L2-normalised; the empty text
    is the zero vector. The same text gives the same vector on every machine. Raises
    EvaluationError for a dimension below 1.
    """

    dimension: int = 512
    offline: bool = True

    def __post_init__(self) -> None:
        if self.dimension < 1:
            raise EvaluationError(
                f"an encoder needs at least 1 dimension, not {self.dimension}: "
                "write for example --encoder offline:512"
            )

    @property
    def name(self) -> str:
        """The name shown in signatures."""
        return "offline"

    @property
    def digest(self) -> str:
        """Digest of the recipe and the dimension; there is nothing else to it."""
        return sha256(f"{_RECIPE}|{self.dimension}".encode()).hexdigest()[:16]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return vectors of shape ``(len(texts), dimension)``, each of length 1 or 0."""

        def stack(distinct: list[str]) -> NDArray[np.float32]:
            return np.stack([self._vector(text) for text in distinct])

        return encode_distinct(texts, self.dimension, stack)

    def _vector(self, text: str) -> NDArray[np.float32]:
        hashes, counts = np.unique(_hashes(text), return_counts=True)
        if not hashes.size:
            return np.zeros(self.dimension, dtype=np.float32)
        # Rounding keeps the last bit of the machine's logarithm out of the vector, and fsum its
        # order of summation.
        weights = np.round(1.0 + np.log(counts), 9)
        signs = np.where(hashes >> np.uint64(63), -1.0, 1.0)
        buckets = (hashes % np.uint64(self.dimension)).astype(np.intp)
        sums = np.bincount(buckets, weights=signs * weights, minlength=self.dimension)
        length = math.sqrt(math.fsum(sums * sums))
        return (sums / (length or 1.0)).astype(np.float32)


def _hashes(text: str) -> NDArray[np.uint64]:
    raw = unicodedata.normalize("NFC", text).encode("utf-32-le", "surrogatepass")
    points = np.frombuffer(raw, dtype="<u4").astype(np.uint64)
    grams: list[NDArray[np.uint64]] = []
    packed = np.zeros_like(points)
    for length in range(1, min(_LONGEST, points.size) + 1):
        packed = (packed[: points.size - length + 1] << _BITS) | points[length - 1 :]
        grams.append(_mix(packed + _STEPS[length]))
    return np.concatenate(grams) if grams else points


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64 (Steele, Lea and Flood 2014), modulo 2**64."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
