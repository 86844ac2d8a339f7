"""The same answer to every question."""

from __future__ import annotations

from collections.abc import Sequence

from baselines.engines.base import AnswerEngine
from submission.engines.base import EngineContext, Request
from submission.errors import InputError


class Constant(AnswerEngine):
    """The competition's known constant, or the recipe's ``options.answer``."""

    name = "constant"
    options = frozenset({"answer"})

    def __init__(self, context: EngineContext) -> None:
        super().__init__(context)
        known = self.task.competition.profile.constant_answer
        answer = context.recipe.options.get("answer", known)
        if answer is None:
            raise InputError(
                f"Competition '{self.task.competition.name}' declares no constant answer: "
                "give one with --set answer=…"
            )
        if not answer.strip():
            raise InputError("The constant answer is empty: give one with --set answer=…")
        self._answer = answer

    def answers(self, requests: Sequence[Request]) -> Sequence[str]:
        """The constant, once per request."""
        return [self._answer] * len(requests)
