"""What a tokenizer is."""

from __future__ import annotations

from typing import Protocol


class Tokenizer(Protocol):
    """Cuts a text into tokens; the same text always gives the same ones."""

    @property
    def name(self) -> str:
        """What it is called in metric specs."""
        ...

    @property
    def signature(self) -> str:
        """Its name with whatever else decides its tokens: versions of analyser and dictionary."""
        ...

    def __call__(self, text: str) -> list[str]:
        """Return the tokens in order; none is empty or whitespace only."""
        ...
