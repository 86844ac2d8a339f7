"""Single characters."""

from __future__ import annotations

from typing import Final


class Character:
    """Every code point but whitespace.

    A syllable written as one code point (NFC) is one token; the same syllable as conjoining jamo
    (NFD) is two or three. Nothing is normalised here.
    """

    name: Final = "char"
    signature: Final = "char"

    def __call__(self, text: str) -> list[str]:
        """Return the characters."""
        return list("".join(text.split()))
