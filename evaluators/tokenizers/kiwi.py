"""Korean morphemes by Kiwi."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Final, Protocol

from evaluators.optional import load_library

if TYPE_CHECKING:
    from collections.abc import Sequence


class _Token(Protocol):
    form: str


class _Analyser(Protocol):
    def tokenize(self, text: str) -> Sequence[_Token]: ...


class Kiwi:
    """Dictionary forms of the morphemes: 도와 becomes 돕, 어.

    Raises EvaluationError when first used, not when made, if the analyser is not installed.
    """

    name: Final = "kiwi"

    @property
    def signature(self) -> str:
        """Names the analyser's and the model's versions."""
        _analyser()
        return f"kiwi-{version('kiwipiepy')}-model-{version('kiwipiepy_model')}"

    def __call__(self, text: str) -> list[str]:
        """Return the morphemes."""
        return [token.form for token in _analyser().tokenize(text) if token.form.strip()]


@cache
def _analyser() -> _Analyser:
    library = load_library("kiwipiepy", needed_by="the tokenizer 'kiwi'", install="kiwipiepy")
    # One text at a time never keeps a second worker busy.
    analyser: _Analyser = library.Kiwi(num_workers=1)
    return analyser
