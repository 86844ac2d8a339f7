"""Words as the writer spaced them."""

from __future__ import annotations

from typing import Final


class Whitespace:
    """Splits at runs of whitespace. Korean particles stay on their nouns: 벽지가 is not 벽지."""

    name: Final = "whitespace"
    signature: Final = "whitespace"

    def __call__(self, text: str) -> list[str]:
        """Return the words."""
        return text.split()
