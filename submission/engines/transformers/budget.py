"""A budget of thinking: the closing tag is forced once it is used up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def place_of(part: Sequence[int], ids: Sequence[int]) -> int:
    """Where ``part`` first stands in ``ids``; -1 where it does not."""
    size = len(part)
    return next(
        (place for place in range(len(ids) - size + 1) if ids[place : place + size] == part), -1
    )


class Budget:
    """Which token is forced next: one of ``closing``, after ``tokens`` tokens behind ``opening``.

    As in vLLM, tokens of the prompt count that follow a tag which the prompt opens.
    """

    def __init__(self, tokens: int, opening: list[int], closing: list[int]) -> None:
        self._tokens, self._opening, self._closing = tokens, opening, closing

    def thought(self, prompt: list[int], *, begun: bool) -> int:
        """How many tokens of thinking the prompt holds; -1 where it begins none."""
        if not begun:
            return -1
        after = place_of(self._opening[::-1], prompt[::-1])
        return max(after, 0)

    def forced(self, before: int, ids: list[int]) -> int | None:
        """The token that must follow ``ids``, if any one must.

        ``before`` is what :meth:`thought` says of the prompt.
        """
        if place_of(self._closing, ids) >= 0:
            return None
        if before < 0:
            opened = place_of(self._opening, ids)
            if opened < 0:
                return None
            before, ids = 0, ids[opened + len(self._opening) :]
        over = before + len(ids) - max(self._tokens, before)
        # A row that has ended goes on beside the others, filled up.
        return self._closing[over] if 0 <= over < len(self._closing) else None


def forcing(budget: Budget, thoughts_so_far: Sequence[int], prompt: int, beams: int) -> Any:
    """A logits processor that forces what ``budget`` says.

    ``thoughts_so_far`` are the rows' :meth:`Budget.thought`, ``prompt`` is how many tokens precede
    a completion, and each row has ``beams``.
    """
    import torch
    from transformers import LogitsProcessor

    class Forcing(LogitsProcessor):  # type: ignore[misc]
        def __call__(self, ids: Any, scores: Any) -> Any:
            for row, written in enumerate(ids[:, prompt:].tolist()):
                token = budget.forced(thoughts_so_far[row // beams], written)
                if token is not None:
                    scores = scores.clone()
                    scores[row] = -torch.inf
                    scores[row, token] = 0.0
            return scores

    return Forcing()
