"""Requests without a test file, and what engines made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from submission.engines.base import Completion, Outcome, Request
from submission.records.rows import Question


def ask(
    key: str, text: str, tokens: tuple[int, ...] = (), seed: int = 0, row: Mapping[str, str] = {}
) -> Request:
    """A request for ``text`` as the whole question of a row."""
    return Request(key, Question(key, text, "", row), text, tokens, seed)


def flat(steps: Iterable[Sequence[Outcome]]) -> list[Completion]:
    """The completions of every step, in their order; no request may fail."""
    outcomes = [each for step in steps for each in step]
    done = [each for each in outcomes if isinstance(each, Completion)]
    assert len(done) == len(outcomes), outcomes
    return done
