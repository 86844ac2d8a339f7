"""Requests without a test file, and what engines made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from submission.engines.base import Completion, Request
from submission.records.rows import Question


def ask(
    key: str, text: str, tokens: tuple[int, ...] = (), seed: int = 0, row: Mapping[str, str] = {}
) -> Request:
    """A request for ``text`` as the whole question of a row."""
    return Request(key, Question(key, text, "", row), text, tokens, seed)


def flat(steps: Iterable[Sequence[Completion]]) -> list[Completion]:
    """The completions of every step, in their order."""
    return [each for step in steps for each in step]
